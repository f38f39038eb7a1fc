CREATE TABLE {table} (
  `use_case_id` LowCardinality(String),
  `org_id` UInt64,
  `project_id` UInt64,
  `metric_id` UInt64,
  `timestamp` DateTime,
  `tags.key` Array(UInt64),
  `tags.value` Array(UInt64),
  `metric_type` LowCardinality(String),
  `set_values` Array(UInt64),
  `count_value` Float64,
  `distribution_values` Array(Float64),
  `materialization_version` UInt8,
  `retention_days` UInt16,
  `partition` UInt16,
  `offset` UInt64
) ENGINE = MergeTree ORDER BY tuple()

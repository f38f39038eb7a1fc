CREATE TABLE {table} (
  `project_id` UInt64,
  `profiler_id` UUID,
  `chunk_id` UUID,
  `start_timestamp` DateTime64(6),
  `end_timestamp` DateTime64(6),
  `environment` LowCardinality(Nullable(String)),
  `retention_days` UInt16,
  `partition` UInt16,
  `offset` UInt64
) ENGINE = MergeTree ORDER BY tuple()

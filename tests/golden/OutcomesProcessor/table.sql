CREATE TABLE {table} (
  `org_id` UInt64,
  `project_id` UInt64,
  `key_id` Nullable(UInt64),
  `timestamp` DateTime,
  `category` UInt8,
  `outcome` UInt8,
  `reason` LowCardinality(Nullable(String)),
  `quantity` UInt32,
  `quantity64` UInt64,
  `event_id` Nullable(UUID),
  `size` UInt32
) ENGINE = MergeTree ORDER BY tuple()

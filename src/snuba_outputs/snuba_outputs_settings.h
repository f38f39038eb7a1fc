// Settings of this module, filled by those of Snuba's commands. Plain data.
#pragma once

namespace freshet::snuba_outputs {

// For requests to ClickHouse.
struct SnubaRequestSettings {
  bool json_as_string = false;  // RowBinary: add input_format_binary_read_json_as_string=1
};

// Outputs beside the rows. The topics themselves are in kafka_settings.h.
struct SideOutputSettings {
  bool commit_log = false;  // one record per partition of a stored batch, before its offsets are committed
  bool replacements = false;
  bool cogs = false;  // bytes by feature and minute
};

struct SnubaOutputsSettings {
  SideOutputSettings side_outputs;
  SnubaRequestSettings requests;
  bool ipv4_statistics = false;  // count payloads that contain something like an IPv4 address
};

}  // namespace freshet::snuba_outputs

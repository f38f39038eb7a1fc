// What this module needs to know; filled by the settings of Snuba's commands. Plain data.
#pragma once

namespace freshet::snuba_outputs {

// Of the requests to ClickHouse.
struct SnubaRequestSettings {
  bool json_as_string = false;  // RowBinary: also input_format_binary_read_json_as_string=1
};

// What is written beside the rows; the topics themselves are in kafka_settings.h.
struct SideOutputSettings {
  bool commit_log = false;  // one record per partition of a stored batch, before its offsets are committed
  bool replacements = false;
  bool cogs = false;  // bytes by feature, by minute
};

struct SnubaOutputsSettings {
  SideOutputSettings side_outputs;
  SnubaRequestSettings requests;
  bool ipv4_statistics = false;  // counts payloads that hold what looks like an IPv4 address
};

}  // namespace freshet::snuba_outputs

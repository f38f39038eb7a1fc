// A parsed replay message, and the writer of its rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"
#include "processors/values/generated_values.h"
#include "processors/values/ip_address.h"
#include "processors/values/md5.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

enum class ReplayKind : uint8_t { Event, Clicks, Taps, Link, Viewed };

struct NameAndVersion {
  JsonString name;
  JsonString version;
};

struct ReplayClick {
  JsonString alt;
  JsonString aria_label;
  std::vector<JsonString> css_class;
  Uuid event_hash;
  JsonString id;
  uint8_t is_dead = 0;
  uint8_t is_rage = 0;
  uint32_t node_id = 0;
  JsonString component_name;
  JsonString role;
  JsonString tag;
  JsonString testid;
  JsonString text;
  double timestamp = 0;  // seconds
  JsonString title;
};

struct ReplayTap {
  JsonString message;
  JsonString view_class;
  JsonString view_id;
  Uuid event_hash;
  double timestamp = 0;  // seconds
};

// Missing and null values are empty: text "", ids nil.
struct ReplayMessage {
  // From the outer message.
  ReplayKind kind = ReplayKind::Event;
  double start_time = 0;  // seconds
  uint64_t project_id = 0;
  Uuid replay_id;
  uint16_t retention_days = 0;

  // From the document.
  double timestamp = 0;  // seconds
  JsonString environment;
  std::optional<Uuid> event_hash;
  std::vector<ReplayClick> clicks;
  std::vector<ReplayTap> taps;
  Uuid debug_id;
  Uuid error_id;
  Uuid fatal_id;
  Uuid info_id;
  Uuid warning_id;
  uint64_t viewed_by_id = 0;

  // From a replay event.
  Uuid event_replay_id;
  NameAndVersion browser;
  NameAndVersion os;
  NameAndVersion sdk;
  JsonString device_brand;
  JsonString device_family;
  JsonString device_model;
  JsonString device_name;
  JsonString ota_channel;
  JsonString ota_runtime_version;
  JsonString ota_update_id;
  std::optional<double> error_sample_rate;
  std::optional<double> session_sample_rate;
  JsonString dist;
  bool is_archived = false;
  JsonString platform;
  JsonString release;
  std::optional<double> replay_start_timestamp;  // seconds
  JsonString replay_type;
  std::optional<uint32_t> segment_id;
  std::vector<JsonString> urls;
  std::vector<JsonString> segment_names;
  std::vector<Uuid> trace_ids;
  std::vector<Uuid> error_ids;
  std::vector<JsonString> tag_keys;
  std::vector<JsonString> tag_values;
  std::optional<JsonString> title;
  std::optional<JsonString> user_id;
  std::optional<JsonString> user_name;
  std::optional<JsonString> user_email;
  std::optional<IpAddress> ip_address;
  JsonString geo_city;
  JsonString geo_country_code;
  JsonString geo_region;
  JsonString geo_subdivision;

  // Empties everything; lists keep their capacity.
  void clear();
};

// Returns the number of rows written.
uint32_t write_replay_rows(const ReplayMessage& message, int64_t offset, int32_t partition, const Md5& md5,
                           const GeneratedValues& values, RowWriter& row);

}  // namespace freshet::processors

// A message of the replays data set. Texts refer to the readers' memory.
#pragma once

#include <cstdint>
#include <optional>

#include "processors/description/field_values.h"
#include "processors/values/ip_address.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

struct ReplayClick {
  JsonString alt;
  JsonString aria_label;
  List<JsonString> css_class;
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
  Truncated timestamp;  // seconds
  JsonString title;
};
inline const ReplayClick kNoReplayClick;

struct ReplayTap {
  JsonString message;
  JsonString view_class;
  JsonString view_id;
  Uuid event_hash;
  Truncated timestamp;  // seconds
};
inline const ReplayTap kNoReplayTap;

struct ReplayTag {
  JsonString name;
  JsonString value;
};

// Missing and null values are empty: text "", ids nil.
struct Replay {
  // From the message.
  Truncated start_time;  // seconds
  uint64_t project_id = 0;
  Uuid replay_id;
  uint16_t retention_days = 0;

  // From its document, of every kind.
  bool has_one_row = true;  // false: a row for each click or tap
  Truncated timestamp;      // seconds
  JsonString environment;
  std::optional<Uuid> event_hash;
  List<ReplayClick> clicks;
  List<ReplayTap> taps;
  Uuid debug_id;
  Uuid error_id;
  Uuid fatal_id;
  Uuid info_id;
  Uuid warning_id;
  std::optional<uint64_t> viewed_by_id;

  // From a replay event.
  std::optional<Uuid> event_replay_id;
  JsonString browser_name;
  JsonString browser_version;
  JsonString os_name;
  JsonString os_version;
  JsonString sdk_name;
  JsonString sdk_version;
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
  std::optional<Truncated> replay_start_timestamp;  // seconds
  JsonString replay_type;
  std::optional<uint32_t> segment_id;
  List<JsonString> urls;
  List<JsonString> segment_names;
  List<Uuid> trace_ids;
  List<Uuid> error_ids;
  List<ReplayTag> tags;
  std::optional<JsonString> title;
  std::optional<JsonString> user_id;
  std::optional<JsonString> user_name;
  std::optional<JsonString> user_email;
  std::optional<IpAddress> ip_address;
  JsonString geo_city;
  JsonString geo_country_code;
  JsonString geo_region;
  JsonString geo_subdivision;

  // Of a row, as its timestamp.
  const ReplayClick* click = &kNoReplayClick;
  const ReplayTap* tap = &kNoReplayTap;
  Uuid row_hash;
  JsonString user;
};

struct ReplayReading : ReadContext {
  JsonReader& document;  // of a document that is an array of bytes
};

// Reads the whole message. False: one of the readers has the error.
bool read_replay(ReplayReading& in, Replay& out);

}  // namespace freshet::processors

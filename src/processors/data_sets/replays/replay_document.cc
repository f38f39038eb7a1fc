#include "processors/data_sets/replays/replay_document.h"

#include <array>
#include <utility>

#include "processors/json/json_number.h"
#include "processors/json/struct_reader.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

// Reads optional text. Null leaves `out` empty.
bool read_text(JsonReader& json, JsonString& out) { return json.consume_null() || json.read_string(out); }

bool read_id(JsonReader& json, Uuid& out) { return json.consume_null() || read_value(json, out); }

template <typename T>
bool read_list(JsonReader& json, std::vector<T>& out) {
  for (json.enter_array(); json.next_element();) {
    if (!read_value(json, out.emplace_back())) return false;
  }
  return !json.failed();
}

template <typename T>
bool read_optional_list(JsonReader& json, std::vector<T>& out) {
  return json.consume_null() || read_list(json, out);
}

// Calls `read(field)` for each field of the struct.
template <size_t N, typename Read>
bool read_fields(StructReader<N> fields, Read read) {
  for (int field; (field = fields.next()) >= 0;) {
    if (!read(field)) return false;
  }
  return fields.complete();
}
template <size_t N, typename Read>
bool read_struct(JsonReader& json, const Fields<N>& fields, Read read) {
  return read_fields(StructReader(json, fields, Unknown::Check), read);
}

// A struct of optional texts, in positional order.
template <size_t N>
bool read_texts(JsonReader& json, const Fields<N>& fields, const std::array<JsonString*, N>& out) {
  return read_struct(json, fields, [&](int field) { return read_text(json, *out[static_cast<size_t>(field)]); });
}

constexpr Fields kNameAndVersion({{"name", Need::Defaulted}, {"version", Need::Defaulted}});
bool read_name_and_version(JsonReader& json, NameAndVersion& out) {
  return read_texts(json, kNameAndVersion, std::array{&out.name, &out.version});
}

constexpr Fields kDevice(
    {{"brand", Need::Defaulted}, {"family", Need::Defaulted}, {"model", Need::Defaulted}, {"name", Need::Defaulted}});
constexpr Fields kOta({{"channel", Need::Defaulted},
                       {"runtime_version", Need::Defaulted},
                       {"update_id", Need::Defaulted}});
constexpr Fields kGeo({{"city", Need::Defaulted},
                       {"country_code", Need::Defaulted},
                       {"region", Need::Defaulted},
                       {"subdivision", Need::Defaulted}});

constexpr Fields kReplayContext({{"error_sample_rate", Need::Defaulted}, {"session_sample_rate", Need::Defaulted}});
bool read_replay_context(JsonReader& json, ReplayMessage& out) {
  return read_struct(json, kReplayContext, [&](int field) {
    return read_optional(json, field == 0 ? out.error_sample_rate : out.session_sample_rate);
  });
}

constexpr Fields kContexts({{"browser", Need::Defaulted},
                            {"device", Need::Defaulted},
                            {"os", Need::Defaulted},
                            {"replay", Need::Defaulted},
                            {"ota_updates", Need::Defaulted}});
bool read_contexts(JsonReader& json, ReplayMessage& out) {
  return read_struct(json, kContexts, [&](int field) {
    switch (field) {
      case 0:
        return read_name_and_version(json, out.browser);
      case 1:
        return read_texts(json, kDevice,
                          std::array{&out.device_brand, &out.device_family, &out.device_model, &out.device_name});
      case 2:
        return read_name_and_version(json, out.os);
      case 3:
        return read_replay_context(json, out);
      default:
        return read_texts(json, kOta, std::array{&out.ota_channel, &out.ota_runtime_version, &out.ota_update_id});
    }
  });
}

bool read_user_id(JsonReader& json, std::optional<JsonString>& out) {
  if (json.peek() != JsonKind::Number) return read_optional(json, out);
  uint64_t number = 0;
  if (!json.read_u64(number)) return false;
  char* const text = json.scratch(kNumberRoom);
  out = JsonString{{text, static_cast<size_t>(write_u64(number, text) - text)}, true};
  return true;
}

bool read_ip(JsonReader& json, std::optional<IpAddress>& out) {
  JsonString text;
  if (!read_text(json, text)) return false;
  out = IpAddress::parse(text.view);
  return true;
}

constexpr Fields kUser({{"username", Need::Defaulted},
                        {"id", Need::Defaulted},
                        {"email", Need::Defaulted},
                        {"ip_address", Need::Defaulted},
                        {"geo", Need::Defaulted}});
bool read_user(JsonReader& json, ReplayMessage& out) {
  return read_struct(json, kUser, [&](int field) {
    switch (field) {
      case 0:
        return read_optional(json, out.user_name);
      case 1:
        return read_user_id(json, out.user_id);
      case 2:
        return read_optional(json, out.user_email);
      case 3:
        return read_ip(json, out.ip_address);
      default:
        return read_texts(json, kGeo,
                          std::array{&out.geo_city, &out.geo_country_code, &out.geo_region, &out.geo_subdivision});
    }
  });
}

bool read_tag(JsonReader& json, ReplayMessage& out) {
  JsonString key;
  std::optional<JsonString> value;
  if (!json.enter_array() || !json.next_element() || !json.read_string(key)) return false;
  if (!json.next_element()) return json.fail("expected a pair");
  if (!read_optional(json, value)) return false;
  if (json.next_element()) return json.fail("expected a pair");
  if (json.failed()) return false;
  if (key.view == "transaction") {
    out.title = value;
    return true;
  }
  out.tag_keys.push_back(key);
  out.tag_values.push_back(value.value_or(JsonString()));
  return true;
}

bool read_tags(JsonReader& json, ReplayMessage& out) {
  if (json.consume_null()) return true;
  for (json.enter_array(); json.next_element();) {
    if (!read_tag(json, out)) return false;
  }
  return !json.failed();
}

// --- the kinds. `type` is last in each: it is known already, and not part of an array -------------------------------

enum InEvent {
  kReplayId,
  kContextsField,
  kDist,
  kEnvironment,
  kEventHash,
  kIsArchived,
  kPlatform,
  kRelease,
  kReplayStart,
  kReplayType,
  kSdk,
  kSegmentId,
  kTimestamp,
  kUrls,
  kSegmentNames,
  kUserField,
  kTraceIds,
  kErrorIds,
  kTags,
};
constexpr Fields kEvent(
    {{"replay_id", Need::Required},    {"contexts", Need::Defaulted},   {"dist", Need::Defaulted},
     {"environment", Need::Defaulted}, {"event_hash", Need::Defaulted}, {"is_archived", Need::Defaulted},
     {"platform", Need::Defaulted},    {"release", Need::Defaulted},    {"replay_start_timestamp", Need::Defaulted},
     {"replay_type", Need::Defaulted}, {"sdk", Need::Defaulted},        {"segment_id", Need::Defaulted},
     {"timestamp", Need::Required},    {"urls", Need::Defaulted},       {"segment_names", Need::Defaulted},
     {"user", Need::Defaulted},        {"trace_ids", Need::Defaulted},  {"error_ids", Need::Defaulted},
     {"tags", Need::Defaulted},        {"type", Need::Defaulted}});

bool read_event_field(JsonReader& json, int field, ReplayMessage& out) {
  switch (field) {
    case kReplayId:
      return read_value(json, out.event_replay_id);
    case kContextsField:
      return read_contexts(json, out);
    case kDist:
      return read_text(json, out.dist);
    case kEnvironment:
      return read_text(json, out.environment);
    case kEventHash:
      return read_optional(json, out.event_hash);
    case kIsArchived:
      return json.consume_null() || json.read_bool(out.is_archived);
    case kPlatform:
      return read_text(json, out.platform);
    case kRelease:
      return read_text(json, out.release);
    case kReplayStart:
      return read_optional_to_truncate(json, out.replay_start_timestamp);
    case kReplayType:
      return read_text(json, out.replay_type);
    case kSdk:
      return read_name_and_version(json, out.sdk);
    case kSegmentId:
      return read_optional(json, out.segment_id);
    case kTimestamp:
      return json.read_f64_to_truncate(out.timestamp);
    case kUrls:
      return read_optional_list(json, out.urls);
    case kSegmentNames:
      return read_optional_list(json, out.segment_names);
    case kUserField:
      return read_user(json, out);
    case kTraceIds:
      return read_optional_list(json, out.trace_ids);
    case kErrorIds:
      return read_optional_list(json, out.error_ids);
    default:
      return read_tags(json, out);
  }
}

enum InClick {
  kAlt,
  kAriaLabel,
  kClass,
  kClickHash,
  kId,
  kIsDead,
  kIsRage,
  kNodeId,
  kComponentName,
  kRole,
  kTag,
  kTestid,
  kText,
  kClickTimestamp,
};
constexpr Fields kClick({{"alt", Need::Required},
                         {"aria_label", Need::Required},
                         {"class", Need::Required},
                         {"event_hash", Need::Required},
                         {"id", Need::Required},
                         {"is_dead", Need::Required},
                         {"is_rage", Need::Required},
                         {"node_id", Need::Required},
                         {"component_name", Need::Defaulted},
                         {"role", Need::Required},
                         {"tag", Need::Required},
                         {"testid", Need::Required},
                         {"text", Need::Required},
                         {"timestamp", Need::Required},
                         {"title", Need::Required}});

bool read_click_field(JsonReader& json, int field, ReplayClick& out) {
  switch (field) {
    case kAlt:
      return json.read_string(out.alt);
    case kAriaLabel:
      return json.read_string(out.aria_label);
    case kClass:
      return read_list(json, out.css_class);
    case kClickHash:
      return read_value(json, out.event_hash);
    case kId:
      return json.read_string(out.id);
    case kIsDead:
      return json.read_unsigned(out.is_dead);
    case kIsRage:
      return json.read_unsigned(out.is_rage);
    case kNodeId:
      return json.read_unsigned(out.node_id);
    case kComponentName:
      return json.read_string(out.component_name);
    case kRole:
      return json.read_string(out.role);
    case kTag:
      return json.read_string(out.tag);
    case kTestid:
      return json.read_string(out.testid);
    case kText:
      return json.read_string(out.text);
    case kClickTimestamp:
      return json.read_f64_to_truncate(out.timestamp);
    default:
      return json.read_string(out.title);
  }
}

bool read_clicks(JsonReader& json, ReplayMessage& out) {
  for (json.enter_array(); json.next_element();) {
    ReplayClick& click = out.clicks.emplace_back();
    if (!read_struct(json, kClick, [&](int field) { return read_click_field(json, field, click); })) return false;
  }
  return !json.failed();
}

constexpr Fields kTap({{"message", Need::Required},
                       {"view_class", Need::Required},
                       {"view_id", Need::Required},
                       {"event_hash", Need::Required},
                       {"timestamp", Need::Required}});

bool read_taps(JsonReader& json, ReplayMessage& out) {
  for (json.enter_array(); json.next_element();) {
    ReplayTap& tap = out.taps.emplace_back();
    const std::array texts{&tap.message, &tap.view_class, &tap.view_id};
    const bool ok = read_struct(json, kTap, [&](int field) {
      if (field < 3) return json.read_string(*texts[static_cast<size_t>(field)]);
      return field == 3 ? read_value(json, tap.event_hash) : json.read_f64_to_truncate(tap.timestamp);
    });
    if (!ok) return false;
  }
  return !json.failed();
}

constexpr Fields kClicks({{"environment", Need::Defaulted}, {"clicks", Need::Required}, {"type", Need::Defaulted}});
constexpr Fields kTaps({{"environment", Need::Defaulted}, {"taps", Need::Required}, {"type", Need::Defaulted}});
constexpr Fields kLink({{"timestamp", Need::Required},
                        {"event_hash", Need::Required},
                        {"debug_id", Need::Defaulted},
                        {"error_id", Need::Defaulted},
                        {"fatal_id", Need::Defaulted},
                        {"info_id", Need::Defaulted},
                        {"warning_id", Need::Defaulted},
                        {"type", Need::Defaulted}});
constexpr Fields kViewed({{"viewed_by_id", Need::Required}, {"timestamp", Need::Required}, {"type", Need::Defaulted}});

bool read_link_field(JsonReader& json, int field, ReplayMessage& out) {
  if (field == 0) return json.read_f64_to_truncate(out.timestamp);
  if (field == 1) return read_value(json, out.event_hash.emplace());
  const std::array ids{&out.debug_id, &out.error_id, &out.fatal_id, &out.info_id, &out.warning_id};
  return read_id(json, *ids[static_cast<size_t>(field - 2)]);
}

// `open(fields)` starts reading a struct with these fields.
template <typename Open>
bool read_kind(JsonReader& json, ReplayMessage& out, Open open) {
  const auto all = [&]<size_t N>(const Fields<N>& fields, auto read) {
    auto reader = open(fields);
    const bool positional = reader.positional();
    return read_fields(std::move(reader), [&](int field) {
      if (field + 1 < static_cast<int>(N)) return read(field);
      return positional ? json.fail("an array has more elements than the struct has fields") : json.check();
    });
  };
  switch (out.kind) {
    case ReplayKind::Event:
      return all(kEvent, [&](int field) { return read_event_field(json, field, out); });
    case ReplayKind::Clicks:
      return all(kClicks,
                 [&](int field) { return field == 0 ? read_text(json, out.environment) : read_clicks(json, out); });
    case ReplayKind::Taps:
      return all(kTaps,
                 [&](int field) { return field == 0 ? read_text(json, out.environment) : read_taps(json, out); });
    case ReplayKind::Link:
      return all(kLink, [&](int field) { return read_link_field(json, field, out); });
    case ReplayKind::Viewed:
      return all(kViewed, [&](int field) {
        return field == 0 ? json.read_u64(out.viewed_by_id) : json.read_f64_to_truncate(out.timestamp);
      });
  }
  return false;
}

}  // namespace

bool replay_kind(std::string_view name, ReplayKind& kind) {
  constexpr std::array kKinds = {std::pair{std::string_view("replay_event"), ReplayKind::Event},
                                 std::pair{std::string_view("replay_actions"), ReplayKind::Clicks},
                                 std::pair{std::string_view("replay_tap"), ReplayKind::Taps},
                                 std::pair{std::string_view("event_link"), ReplayKind::Link},
                                 std::pair{std::string_view("replay_viewed"), ReplayKind::Viewed}};
  for (const auto& [known, value] : kKinds) {
    if (known != name) continue;
    kind = value;
    return true;
  }
  return false;
}

bool read_replay_document(JsonReader& json, ReplayMessage& out) {
  return read_kind(json, out, [&]<size_t N>(const Fields<N>& fields) {
    return StructReader<N>(json, fields, Unknown::Check, true);
  });
}

bool read_rest_of_replay_document(JsonReader& json, ReplayMessage& out) {
  return read_kind(json, out, [&]<size_t N>(const Fields<N>& fields) {
    return StructReader<N>(json, fields, typename StructReader<N>::RestOfArray{});
  });
}

}  // namespace freshet::processors

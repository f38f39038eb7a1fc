// The fields of a replays message. Its document has one of five kinds, each with its own fields.
#include <array>

#include "processors/data_sets/replays/replay.h"
#include "processors/description/nested.h"
#include "processors/json/json_number.h"

namespace freshet::processors {
namespace {

// --- parts of a replay event ----------------------------------------------------------------------------------------

template <auto kName, auto kVersion>
constexpr auto kNameAndVersion = describe_part<Replay>(field<kName, nullable<>>("name"),
                                                       field<kVersion, nullable<>>("version"));
constexpr auto kDevice = describe_part<Replay>(
    field<&Replay::device_brand, nullable<>>("brand"), field<&Replay::device_family, nullable<>>("family"),
    field<&Replay::device_model, nullable<>>("model"), field<&Replay::device_name, nullable<>>("name"));
constexpr auto kSampleRates = describe_part<Replay>(field<&Replay::error_sample_rate>("error_sample_rate"),
                                                    field<&Replay::session_sample_rate>("session_sample_rate"));
constexpr auto kOta = describe_part<Replay>(field<&Replay::ota_channel, nullable<>>("channel"),
                                            field<&Replay::ota_runtime_version, nullable<>>("runtime_version"),
                                            field<&Replay::ota_update_id, nullable<>>("update_id"));
constexpr auto kBrowser = kNameAndVersion<&Replay::browser_name, &Replay::browser_version>;
constexpr auto kOs = kNameAndVersion<&Replay::os_name, &Replay::os_version>;
constexpr auto kSdk = kNameAndVersion<&Replay::sdk_name, &Replay::sdk_version>;
constexpr auto kContexts = describe_part<Replay>(field<object<kBrowser>>("browser"),     //
                                                 field<object<kDevice>>("device"),       //
                                                 field<object<kOs>>("os"),               //
                                                 field<object<kSampleRates>>("replay"),  //
                                                 field<object<kOta>>("ota_updates"));

bool text_or_number(ReadContext& in, std::optional<JsonString>& out) {
  if (in.json.peek() != JsonKind::Number) return read_field(in, out);
  uint64_t number = 0;
  if (!in.json.read_u64(number)) return false;
  char* const text = in.json.scratch(kNumberRoom);
  out = JsonString{{text, static_cast<size_t>(write_u64(number, text) - text)}, true};
  return true;
}

constexpr auto kGeo = describe_part<Replay>(
    field<&Replay::geo_city, nullable<>>("city"), field<&Replay::geo_country_code, nullable<>>("country_code"),
    field<&Replay::geo_region, nullable<>>("region"), field<&Replay::geo_subdivision, nullable<>>("subdivision"));
constexpr auto kUser = describe_part<Replay>(field<&Replay::user_name>("username"),          //
                                             field<&Replay::user_id, text_or_number>("id"),  //
                                             field<&Replay::user_email>("email"),            //
                                             field<&Replay::ip_address>("ip_address"),       //
                                             field<object<kGeo>>("geo"));

bool tag(ReadContext& in, Replay& out) {
  JsonString name;
  std::optional<JsonString> value;
  const bool read = read_pair(
      in.json, [&] { return in.json.read_string(name); }, [&] { return read_field(in, value); });
  if (name.view == "transaction") {
    out.title = value;
  } else {
    out.tags.add() = {name, value.value_or(JsonString())};
  }
  return read;
}
bool tags(ReadContext& in, Replay& out) {
  return read_optional_list(in.json, [&] { return tag(in, out); });
}

// --- the kinds of documents -----------------------------------------------------------------------------------------

constexpr auto kClick = describe_part<ReplayClick>(field<&ReplayClick::alt>("alt", Need::Required),                //
                                                   field<&ReplayClick::aria_label>("aria_label", Need::Required),  //
                                                   field<&ReplayClick::css_class>("class", Need::Required),        //
                                                   field<&ReplayClick::event_hash>("event_hash", Need::Required),  //
                                                   field<&ReplayClick::id>("id", Need::Required),                  //
                                                   field<&ReplayClick::is_dead>("is_dead", Need::Required),        //
                                                   field<&ReplayClick::is_rage>("is_rage", Need::Required),        //
                                                   field<&ReplayClick::node_id>("node_id", Need::Required),        //
                                                   field<&ReplayClick::component_name>("component_name"),          //
                                                   field<&ReplayClick::role>("role", Need::Required),              //
                                                   field<&ReplayClick::tag>("tag", Need::Required),                //
                                                   field<&ReplayClick::testid>("testid", Need::Required),          //
                                                   field<&ReplayClick::text>("text", Need::Required),              //
                                                   field<&ReplayClick::timestamp>("timestamp", Need::Required),    //
                                                   field<&ReplayClick::title>("title", Need::Required));
constexpr auto kTap = describe_part<ReplayTap>(field<&ReplayTap::message>("message", Need::Required),        //
                                               field<&ReplayTap::view_class>("view_class", Need::Required),  //
                                               field<&ReplayTap::view_id>("view_id", Need::Required),        //
                                               field<&ReplayTap::event_hash>("event_hash", Need::Required),  //
                                               field<&ReplayTap::timestamp>("timestamp", Need::Required));

template <typename T>
bool present(ReadContext& in, std::optional<T>& out) {
  return read_field(in, out.emplace());
}

// `type` is known already when the fields are read.
template <typename... Entries>
constexpr auto describe_kind(const Entries&... entries) {
  return describe_part<Replay>(entries..., ignored("type")).object_only();
}

constexpr auto kEvent = describe_kind(field<&Replay::event_replay_id, present<Uuid>>("replay_id", Need::Required),  //
                                      field<object<kContexts>>("contexts"),                                         //
                                      field<&Replay::dist, nullable<>>("dist"),                                     //
                                      field<&Replay::environment, nullable<>>("environment"),                       //
                                      field<&Replay::event_hash>("event_hash"),                                     //
                                      field<&Replay::is_archived, nullable<>>("is_archived"),                       //
                                      field<&Replay::platform, nullable<>>("platform"),                             //
                                      field<&Replay::release, nullable<>>("release"),                               //
                                      field<&Replay::replay_start_timestamp>("replay_start_timestamp"),             //
                                      field<&Replay::replay_type, nullable<>>("replay_type"),                       //
                                      field<object<kSdk>>("sdk"),                                                   //
                                      field<&Replay::segment_id>("segment_id"),                                     //
                                      field<&Replay::timestamp>("timestamp", Need::Required),                       //
                                      field<&Replay::urls, nullable<>>("urls"),                                     //
                                      field<&Replay::segment_names, nullable<>>("segment_names"),                   //
                                      field<object<kUser>>("user"),                                                 //
                                      field<&Replay::trace_ids, nullable<>>("trace_ids"),                           //
                                      field<&Replay::error_ids, nullable<>>("error_ids"),                           //
                                      field<tags>("tags"));
constexpr auto kClicks = describe_kind(field<&Replay::environment, nullable<>>("environment"),
                                       field<&Replay::clicks, list_of<kClick>>("clicks", Need::Required));
constexpr auto kTaps = describe_kind(field<&Replay::environment, nullable<>>("environment"),
                                     field<&Replay::taps, list_of<kTap>>("taps", Need::Required));
constexpr auto kLink = describe_kind(field<&Replay::timestamp>("timestamp", Need::Required),                   //
                                     field<&Replay::event_hash, present<Uuid>>("event_hash", Need::Required),  //
                                     field<&Replay::debug_id, nullable<>>("debug_id"),                         //
                                     field<&Replay::error_id, nullable<>>("error_id"),                         //
                                     field<&Replay::fatal_id, nullable<>>("fatal_id"),                         //
                                     field<&Replay::info_id, nullable<>>("info_id"),                           //
                                     field<&Replay::warning_id, nullable<>>("warning_id"));
constexpr auto kViewed = describe_kind(field<&Replay::viewed_by_id, present<uint64_t>>("viewed_by_id", Need::Required),
                                       field<&Replay::timestamp>("timestamp", Need::Required));

struct Kind {
  std::string_view name;
  bool has_one_row;
  bool (*read)(ReadContext&, Replay&);
  bool (*read_rest)(ReadContext&, Replay&);  // of an array, after the name of the kind
};
template <const auto& kDescription>
constexpr Kind kind(std::string_view name, bool has_one_row) {
  return {name, has_one_row, [](ReadContext& in, Replay& out) { return kDescription.read(in, out); },
          [](ReadContext& in, Replay& out) { return kDescription.read_rest(in, out); }};
}
constexpr std::array kKinds = {kind<kEvent>("replay_event", true), kind<kClicks>("replay_actions", false),
                               kind<kTaps>("replay_tap", false), kind<kLink>("event_link", true),
                               kind<kViewed>("replay_viewed", true)};

// --- the document, and the message around it ------------------------------------------------------------------------

// Reads the name of a kind; null after an error.
const Kind* read_kind(JsonReader& json) {
  JsonString name;
  if (!json.read_string(name)) return nullptr;
  for (const Kind& kind : kKinds) {
    if (kind.name == name.view) return &kind;
  }
  json.fail("an unknown type of replay document");
  return nullptr;
}

// Finds the document's `type` anywhere in the object, then returns to the start. Null after an error.
const Kind* find_kind(JsonReader& json) {
  const auto begin = json.mark();
  JsonString key;
  for (json.enter_object(); json.next_key(key);) {
    if (key.view == "type") {
      const Kind* const kind = read_kind(json);
      json.rewind(begin);
      return kind;
    }
    if (!json.check()) return nullptr;
  }
  json.fail("the replay document has no type");
  return nullptr;
}

bool read_document(ReadContext in, Replay& out) {
  const Kind* const kind = find_kind(in.json);
  if (kind == nullptr) return false;
  out.has_one_row = kind->has_one_row;
  return kind->read(in, out);
}

// The first element is the type; the others are the fields of that kind in positional order.
bool read_positional_document(ReadContext in, Replay& out) {
  if (!in.json.enter_array() || !in.json.next_element()) return in.json.fail("expected a string");
  const Kind* const kind = read_kind(in.json);
  if (kind == nullptr) return false;
  out.has_one_row = kind->has_one_row;
  return kind->read_rest(in, out);
}

bool read_bytes(ReplayReading& in, Replay& out) {
  std::string_view bytes;
  if (!in.json.read_bytes(bytes)) return false;
  in.document.open_padded(bytes);
  const ReadContext document{in.document, in.values};
  const bool positional = in.document.peek() == JsonKind::Array;
  return (positional ? read_positional_document(document, out) : read_document(document, out)) && in.document.finish();
}

bool payload(ReplayReading& in, Replay& out) {
  if (in.json.peek() == JsonKind::Object) return read_document(in, out);
  const auto begin = in.json.mark();
  if (!in.json.enter_array()) return false;
  if (!in.json.next_element()) return in.json.fail("an empty replay document");
  const bool positional = in.json.peek() == JsonKind::String;
  in.json.rewind(begin);
  return positional ? read_positional_document(in, out) : read_bytes(in, out);
}

constexpr auto kMessage = describe<Replay>(field<payload>("payload", Need::Required),                 //
                                           field<&Replay::start_time>("start_time", Need::Required),  //
                                           field<&Replay::project_id>("project_id", Need::Required),  //
                                           field<&Replay::replay_id>("replay_id", Need::Required),    //
                                           field<&Replay::retention_days>("retention_days", Need::Required));

}  // namespace

bool read_replay(ReplayReading& in, Replay& out) { return kMessage.read(in, out) && in.json.finish(); }

}  // namespace freshet::processors

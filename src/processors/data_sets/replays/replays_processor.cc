// Session replays: segments, clicks, taps, links to events, views. One row per click or tap, one row for every other
// kind. The message contains the inner document as an object or as an array of its bytes.
#include <array>
#include <charconv>

#include "processors/data_sets/data_sets.h"
#include "processors/data_sets/replays/replay.h"
#include "processors/description/described_processor.h"
#include "processors/description/described_rows.h"
#include "processors/values/conversions.h"
#include "processors/values/md5.h"
#include "processors/values/random_uuid.h"

namespace freshet::processors {
namespace {

// --- columns --------------------------------------------------------------------------------------------------------

using Click = ReplayClick;
using Tap = ReplayTap;

constexpr auto or_minus_one = [](const std::optional<double>& rate) { return rate.value_or(-1); };

uint8_t is_archived(const Replay& r) { return r.is_archived ? 1 : 0; }
Uuid replay_id(const Replay& r) { return r.event_replay_id.value_or(r.replay_id); }
uint64_t viewed_by_id(const Replay& r) { return r.viewed_by_id.value_or(0); }
uint32_t timestamp(const Replay& r) { return to_u32(r.timestamp.value); }
std::optional<uint32_t> replay_start(const Replay& r) {
  return r.replay_start_timestamp ? std::optional(to_u32(r.replay_start_timestamp->value)) : std::nullopt;
}
std::optional<uint32_t> segment_id(const Replay& r) {
  return r.segment_id && *r.segment_id <= UINT16_MAX ? r.segment_id : std::nullopt;
}

constexpr auto kRow = describe<Replay>(column<&Replay::browser_name>("browser_name"),                              //
                                       column<&Replay::browser_version>("browser_version"),                        //
                                       column<&Replay::click, &Click::alt>("click_alt"),                           //
                                       column<&Replay::click, &Click::aria_label>("click_aria_label"),             //
                                       column<&Replay::click, &Click::css_class, each<>>("click_class"),           //
                                       column<&Replay::click, &Click::component_name>("click_component_name"),     //
                                       column<&Replay::click, &Click::id>("click_id"),                             //
                                       column<&Replay::click, &Click::is_dead>("click_is_dead"),                   //
                                       column<&Replay::click, &Click::is_rage>("click_is_rage"),                   //
                                       column<&Replay::click, &Click::node_id>("click_node_id"),                   //
                                       column<&Replay::click, &Click::role>("click_role"),                         //
                                       column<&Replay::click, &Click::tag>("click_tag"),                           //
                                       column<&Replay::click, &Click::testid>("click_testid"),                     //
                                       column<&Replay::click, &Click::text>("click_text"),                         //
                                       column<&Replay::click, &Click::title>("click_title"),                       //
                                       column<&Replay::debug_id>("debug_id"),                                      //
                                       column<&Replay::device_brand>("device_brand"),                              //
                                       column<&Replay::device_family>("device_family"),                            //
                                       column<&Replay::device_model>("device_model"),                              //
                                       column<&Replay::device_name>("device_name"),                                //
                                       column<&Replay::dist>("dist"),                                              //
                                       column<&Replay::environment>("environment"),                                //
                                       column<&Replay::error_id>("error_id"),                                      //
                                       column<&Replay::error_ids, each<>>("error_ids"),                            //
                                       column<&Replay::error_sample_rate, or_minus_one>("error_sample_rate"),      //
                                       column<&Replay::row_hash>("event_hash"),                                    //
                                       column<&Replay::fatal_id>("fatal_id"),                                      //
                                       column<&Replay::info_id>("info_id"),                                        //
                                       column<&Replay::ip_address, only_v4>("ip_address_v4"),                      //
                                       column<&Replay::ip_address, only_v6>("ip_address_v6"),                      //
                                       column<is_archived>("is_archived"),                                         //
                                       column<offset_of>("offset"),                                                //
                                       column<&Replay::os_name>("os_name"),                                        //
                                       column<&Replay::os_version>("os_version"),                                  //
                                       column<&Replay::ota_channel>("ota_updates_channel"),                        //
                                       column<&Replay::ota_runtime_version>("ota_updates_runtime_version"),        //
                                       column<&Replay::ota_update_id>("ota_updates_update_id"),                    //
                                       column<partition_of>("partition"),                                          //
                                       column<&Replay::platform>("platform"),                                      //
                                       column<&Replay::project_id>("project_id"),                                  //
                                       column<&Replay::release>("release"),                                        //
                                       column<replay_id>("replay_id"),                                             //
                                       column<replay_start>("replay_start_timestamp"),                             //
                                       column<&Replay::replay_type>("replay_type"),                                //
                                       column<&Replay::retention_days>("retention_days"),                          //
                                       column<&Replay::sdk_name>("sdk_name"),                                      //
                                       column<&Replay::sdk_version>("sdk_version"),                                //
                                       column<segment_id>("segment_id"),                                           //
                                       column<&Replay::session_sample_rate, or_minus_one>("session_sample_rate"),  //
                                       column<&Replay::tags, each<&ReplayTag::name>>("tags.key"),                  //
                                       column<&Replay::tags, each<&ReplayTag::value>>("tags.value"),               //
                                       column<&Replay::tap, &Tap::message>("tap_message"),                         //
                                       column<&Replay::tap, &Tap::view_class>("tap_view_class"),                   //
                                       column<&Replay::tap, &Tap::view_id>("tap_view_id"),                         //
                                       column<timestamp>("timestamp"),                                             //
                                       column<&Replay::title>("title"),                                            //
                                       column<&Replay::trace_ids, each<>>("trace_ids"),                            //
                                       column<&Replay::urls, each<>>("urls"),                                      //
                                       column<&Replay::segment_names, each<>>("segment_names"),                    //
                                       column<&Replay::user_email, or_empty>("user_email"),                        //
                                       column<&Replay::user_id, or_empty>("user_id"),                              //
                                       column<&Replay::user_name, or_empty>("user_name"),                          //
                                       column<&Replay::user>("user"),                                              //
                                       column<&Replay::geo_city>("user_geo_city"),                                 //
                                       column<&Replay::geo_country_code>("user_geo_country_code"),                 //
                                       column<&Replay::geo_region>("user_geo_region"),                             //
                                       column<&Replay::geo_subdivision>("user_geo_subdivision"),                   //
                                       column<viewed_by_id>("viewed_by_id"),                                       //
                                       column<&Replay::warning_id>("warning_id"));

// --- rows -----------------------------------------------------------------------------------------------------------

// The first identifier that is present, even if it is empty.
JsonString user_of(const Replay& r, JsonReader& json) {
  for (const auto* text : {&r.user_id, &r.user_name, &r.user_email}) {
    if (*text) return **text;
  }
  if (!r.ip_address) return {};
  char* const text = json.scratch(IpAddress::kTextRoom);
  return {{text, static_cast<size_t>(r.ip_address->write(text) - text)}, true};
}

Uuid md5_of(uint32_t segment_id, const Md5& md5) {
  std::array<char, 16> text;
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), segment_id).ptr;
  return {md5.digest({text.data(), static_cast<size_t>(end - text.data())})};
}

Uuid uuid_of(uint64_t number) {
  Uuid uuid;
  for (size_t i = 16; i-- > 8; number >>= 8) uuid.bytes[i] = static_cast<uint8_t>(number);
  return uuid;
}

Uuid event_hash_of(const Replay& r, const Md5& md5, const GeneratedValues& values) {
  if (r.viewed_by_id) return uuid_of(*r.viewed_by_id);
  if (r.event_hash) return *r.event_hash;
  return r.segment_id ? md5_of(*r.segment_id, md5) : values.id(random_uuid);
}

class ReplaysProcessor final : public Processor {
 public:
  ReplaysProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : environment_(settings.environment), values_(environment), rows_(settings, environment) {}

  const RowLayout& layout() const override { return rows_.layout(); }
  std::string_view why_json() const override { return rows_.why_json(); }
  void begin_chunk(const MessageContext&, std::span<const Message>) override { rows_.begin_chunk(); }

  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override {
    if (!message.payload) return null_payload();
    values_.begin_message(context, message);
    rows_.begin_message();
    json_.open(message);
    document_.open(std::string_view());
    replay_ = Replay{};
    ReplayReading in{{json_, values_}, document_};
    if (!read_replay(in, replay_)) return ProcessResult::invalid("invalid_message", error_text());
    add_rows({context.partition, message.offset, environment_, values_, message.timestamp_ms});
    ProcessResult result = rows_.move_to(rows);
    result.origin_timestamp_ms = origin_from_seconds(replay_.start_time.value);
    return result;
  }

 private:
  std::string error_text() const {
    return document_.failed() ? "in the replay document: " + document_.error_text() : json_.error_text();
  }
  void add_rows(const RowContext& context) {
    replay_.user = user_of(replay_, json_);
    for (const Click& click : replay_.clicks) {
      replay_.click = &click;
      add(click.event_hash, click.timestamp, context);
    }
    for (const Tap& tap : replay_.taps) {
      replay_.tap = &tap;
      add(tap.event_hash, tap.timestamp, context);
    }
    if (!replay_.has_one_row) return;
    add(event_hash_of(replay_, md5_, values_), replay_.timestamp, context);
  }
  void add(const Uuid& hash, Truncated timestamp, const RowContext& context) {
    replay_.row_hash = hash;
    replay_.timestamp = timestamp;
    rows_.add(replay_, context);
  }

  const SnubaEnvironment environment_;
  JsonReader json_;
  JsonReader document_;
  GeneratedValues values_;
  Md5 md5_;
  DescribedRows<kRow> rows_;
  Replay replay_;
};

}  // namespace

ProcessorFactory replays(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<ReplaysProcessor>(settings, environment);
}

}  // namespace freshet::processors

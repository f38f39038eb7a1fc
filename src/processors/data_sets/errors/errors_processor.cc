// Events that Sentry groups into issues, and changes of groups, which become replacements. One row per event; a
// replacement has the project's id as key and the unchanged payload as value.
#include <algorithm>
#include <charconv>

#include "processors/data_sets/data_sets.h"
#include "processors/data_sets/errors/errors_event.h"
#include "processors/description/described_processor.h"
#include "processors/description/described_rows.h"
#include "processors/description/nested.h"
#include "processors/values/conversions.h"

namespace freshet::processors {
namespace {

using Event = ErrorEvent;
using Exception = ErrorException;
using Frame = ErrorFrame;

constexpr uint8_t kVersion = 2;
constexpr std::string_view kInsert = "insert";

// --- columns --------------------------------------------------------------------------------------------------------

constexpr auto seconds = [](const uint64_t& milliseconds) {
  return Seconds{static_cast<uint32_t>(milliseconds / 1000)};
};

WhenThere<IpAddress> ip_v4(const Event& e) { return {only_v4(e.user_ip_address)}; }
WhenThere<IpAddress> ip_v6(const Event& e) { return {only_v6(e.user_ip_address)}; }
uint32_t received(const Event& e) { return to_u32(e.received.value_or(Truncated()).value); }
uint16_t retention_days(const Event& e, const RowContext& context) {
  return clamp_retention(e.retention_days, context.environment);
}
uint16_t partition(const RowContext& context) { return static_cast<uint16_t>(context.partition.value); }
uint64_t offset(const RowContext& context) { return static_cast<uint64_t>(context.offset.value); }
WrappedTicks<3> timestamp_ms(const Event& e) { return {e.datetime_ms}; }

// A hexadecimal number of at most 64 bits with an optional plus.
WhenThere<uint64_t> span_id(const Event& e) {
  std::string_view text = e.span_id ? e.span_id->view : "";
  if (text.starts_with('+')) text.remove_prefix(1);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return {value};
}

WhenThere<uint8_t> trace_sampled(const Event& e) {
  return {e.trace_sampled ? std::optional(uint8_t{*e.trace_sampled}) : std::nullopt};
}

std::optional<double> sample_weight(const Event& e) {
  if (!e.sample_rate || *e.sample_rate == 0) return std::nullopt;
  return 1.0 / *e.sample_rate;
}

constexpr auto kRow = describe<Event>(
    column<&Event::contexts, each<&ErrorContextCell::name>>("contexts.key"),
    column<&Event::contexts, each<&ErrorContextCell::value>>("contexts.value"),
    column<&Event::culprit, or_empty>("culprit"),  //
    column<constant<uint8_t{0}>>("deleted"),       //
    column<&Event::dist>("dist"),                  //
    column<&Event::environment>("environment"),    //
    column<&Event::event_id>("event_id"),          //
    column<&Event::frames, each<&Frame::abs_path>>("exception_frames.abs_path"),
    column<&Event::frames, each<&Frame::colno>>("exception_frames.colno"),
    column<&Event::frames, each<&Frame::filename>>("exception_frames.filename"),
    column<&Event::frames, each<&Frame::function>>("exception_frames.function"),
    column<&Event::frames, each<&Frame::in_app>>("exception_frames.in_app"),
    column<&Event::frames, each<&Frame::lineno>>("exception_frames.lineno"),
    column<&Event::frames, each<&Frame::module>>("exception_frames.module"),
    column<&Event::frames, each<&Frame::package>>("exception_frames.package"),
    column<&Event::frames, each<&Frame::stack_level>>("exception_frames.stack_level"),
    column<&Event::main_thread, when_there>("exception_main_thread"),
    column<&Event::exceptions, each<&Exception::mechanism_handled>>("exception_stacks.mechanism_handled"),
    column<&Event::exceptions, each<&Exception::mechanism_type>>("exception_stacks.mechanism_type"),
    column<&Event::exceptions, each<&Exception::type>>("exception_stacks.type"),
    column<&Event::exceptions, each<&Exception::value>>("exception_stacks.value"),
    column<&Event::group_id>("group_id"),                               //
    column<&Event::group_first_seen_ms, seconds>("group_first_seen"),   //
    column<&Event::http_method>("http_method"),                         //
    column<&Event::http_referer>("http_referer"),                       //
    column<ip_v4>("ip_address_v4"),                                     //
    column<ip_v6>("ip_address_v6"),                                     //
    column<&Event::level>("level"),                                     //
    column<&Event::location>("location"),                               //
    column<&Event::message_timestamp>("message_timestamp"),             //
    column<&Event::message>("message"),                                 //
    column<&Event::modules, each<&ErrorModule::name>>("modules.name"),  //
    column<&Event::modules, each<&ErrorModule::version, or_empty>>("modules.version"),
    column<&Event::processing_errors>("num_processing_errors"),              //
    column<offset>("offset"),                                                //
    column<partition>("partition"),                                          //
    column<&Event::platform>("platform"),                                    //
    column<&Event::primary_hash_id>("primary_hash"),                         //
    column<&Event::project_id>("project_id"),                                //
    column<received>("received"),                                            //
    column<&Event::release>("release"),                                      //
    column<&Event::replay_id, when_there>("replay_id"),                      //
    column<retention_days>("retention_days"),                                //
    column<&Event::sdk_integrations, each<>>("sdk_integrations"),            //
    column<&Event::sdk_name, or_empty>("sdk_name"),                          //
    column<&Event::sdk_version, or_empty>("sdk_version"),                    //
    column<span_id>("span_id"),                                              //
    column<&Event::tags, each<&ErrorTag::name>>("tags.key"),                 //
    column<&Event::tags, each<&ErrorTag::value>>("tags.value"),              //
    column<&Event::flags, each<&ErrorTag::name>>("flags.key"),               //
    column<&Event::flags, each<&ErrorTag::value>>("flags.value"),            //
    column<&Event::datetime_ms, seconds>("timestamp"),                       //
    column<timestamp_ms>("timestamp_ms"),                                    //
    column<&Event::title, or_empty>("title"),                                //
    column<&Event::trace_id, when_there>("trace_id"),                        //
    column<trace_sampled>("trace_sampled"),                                  //
    column<&Event::transaction, or_empty>("transaction_name"),               //
    column<&Event::type, or_empty>("type"),                                  //
    column<&Event::user_email>("user_email"),                                //
    column<&Event::user_id>("user_id"),                                      //
    column<&Event::user_name>("user_name"),                                  //
    column<&Event::user, or_empty>("user"),                                  //
    column<&Event::version>("version"),                                      //
    column<&Event::symbolicated_in_app, when_there>("symbolicated_in_app"),  //
    column<sample_weight>("sample_weight"));

// --- the message ----------------------------------------------------------------------------------------------------

struct Replacement {
  uint64_t project_id = 0;
};
constexpr auto kReplacement = describe_part<Replacement>(field<&Replacement::project_id>("project_id", Need::Required));

class ErrorsProcessor final : public Processor {
 public:
  ErrorsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : environment_(settings.environment), values_(environment), texts_(json_), rows_(settings, environment) {}

  const RowLayout& layout() const override { return rows_.layout(); }
  std::string_view why_json() const override { return rows_.why_json(); }
  void begin_chunk(const MessageContext&, std::span<const Message>) override { rows_.begin_chunk(); }

  // An event is [version, type, body, state], everything else [version, type, body].
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override {
    if (!message.payload) return null_payload();
    values_.begin_message(context, message);
    rows_.begin_message();
    json_.open(message);
    uint8_t version = 0;
    JsonString type;
    const bool begun = json_.enter_array() && json_.next_element() && json_.read_unsigned(version) &&
                       json_.next_element() && json_.read_string(type) && json_.next_element();
    if (begun && version != kVersion) json_.fail("a version other than 2");
    const bool is_event = type.view == kInsert;
    if (!begun || !(is_event ? read_event() : read_replacement()) || json_.next_element() || json_.failed()) {
      json_.fail("expected [2, \"insert\", event, state] or [2, type, replacement]");
      return invalid_message(json_);
    }
    return is_event ? event_row(context, message, rows) : replacement_record(message);
  }

 private:
  bool read_event() {
    event_ = Event{};
    if (!read_error_event(reading_)) return false;
    if (event_.type && event_.type->view == "transaction") return json_.fail("a transaction is not an error");
    return json_.next_element() && json_.check();  // the state is not used, but must exist
  }
  bool read_replacement() {
    replacement_ = {};
    return kReplacement.read(reading_, replacement_);
  }

  ProcessResult event_row(const MessageContext& context, const Message& message, std::string& rows) {
    complete_event(reading_, environment_, md5_);
    event_.message_timestamp = std::max<int64_t>(message.timestamp_ms, 0) / 1000;
    rows_.add(event_, {context.partition, message.offset, environment_, values_, message.timestamp_ms});
    ProcessResult result = rows_.move_to(rows);
    result.origin_timestamp_ms = origin_from_seconds(event_.received.value_or(Truncated()).value);
    return result;
  }
  ProcessResult replacement_record(const Message& message) const {
    ProcessResult result;
    result.kind = ProcessResult::Kind::Record;
    result.code = "replacement";
    result.key = std::to_string(replacement_.project_id);
    result.text = *message.payload;
    return result;
  }

  const SnubaEnvironment environment_;
  JsonReader json_;
  GeneratedValues values_;
  TextCoercions texts_;
  Md5 md5_;
  DescribedRows<kRow> rows_;
  Event event_;
  Replacement replacement_;
  ErrorReading reading_{{json_, values_}, texts_, event_};
};

}  // namespace

ProcessorFactory errors(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<ErrorsProcessor>(settings, environment);
}

}  // namespace freshet::processors

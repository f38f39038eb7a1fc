// The fields of an event of the errors data set.
#include "processors/data_sets/errors/errors_event.h"
#include "processors/description/nested.h"
#include "processors/values/date_time.h"

namespace freshet::processors {
namespace {

using Event = ErrorEvent;
using Exception = ErrorException;
using Frame = ErrorFrame;

// --- values ---------------------------------------------------------------------------------------------------------

bool any_text(ErrorReading& in, OptionalText& out) { return in.texts.read_any(out); }
bool handled(ErrorReading& in, std::optional<uint8_t>& out) { return in.texts.read_handled(out); }

// Text that is not a time means the current time.
bool milliseconds(ErrorReading& in, uint64_t& out) {
  JsonString text;
  if (!in.json.read_string(text)) return false;
  const auto instant = parse_date_time(text.view);
  out = static_cast<uint64_t>(instant ? instant->floor_milliseconds() : in.values.now_ms());
  return true;
}

// None if it is not a u32.
bool tolerant_u32(ErrorReading& in, std::optional<uint32_t>& out) {
  if (in.json.peek() != JsonKind::Number) return in.json.check();
  JsonNumber number;
  if (!in.json.read_number(number)) return false;
  if (number.kind == JsonNumber::Kind::Unsigned && number.unsigned_value <= UINT32_MAX) {
    out = static_cast<uint32_t>(number.unsigned_value);
  }
  return true;
}

bool count_elements(ErrorReading& in, uint64_t& count) {
  return read_optional_list(in.json, [&] { return ++count, in.json.check(); });
}

// Most lists of the message are the one field of an object.
template <auto kRead>
constexpr auto kValues = describe_part<Event>(field<each_element<kRead>>("values"));
template <auto kRead>
constexpr auto values = nullable<object<kValues<kRead>>>;

// --- contexts -------------------------------------------------------------------------------------------------------

bool context_entry(ErrorReading& in, const JsonString& name, Event& event) {
  ErrorContextEntry& entry = event.context_entries.add();
  entry.name = name;
  return in.texts.read_context(entry.value);
}

bool read_context(ErrorReading& in, Event& event, ErrorContext& out) {
  out.begin = event.context_entries.size();
  const bool read = each_field<context_entry>(in, event);
  out.end = event.context_entries.size();
  return read;
}

bool other_context(ErrorReading& in, const JsonString& name, Event& event) {
  ErrorContext& context = event.containers.add();
  context.name = name;
  return read_context(in, event, context);
}

bool geo(ErrorReading& in, Event& event) {
  ErrorContext geo{{"geo", true}};
  if (!read_context(in, event, geo)) return false;
  if (geo.begin != geo.end) event.geo = geo;
  return true;
}

struct Flag {
  OptionalText name;
  OptionalText value;
};
constexpr auto kFlag =
    describe_part<Flag>(field<&Flag::name, any_text>("flag"), field<&Flag::value, any_text>("result"));

bool flag(ErrorReading& in, Event& event) {
  Flag flag;
  const bool read = kFlag.read(in, flag);
  if (flag.name && flag.value) event.flags.add() = {*flag.name, *flag.value};
  return read;
}

bool other_of_trace(ErrorReading& in, const JsonString& name, Event& event) {
  if (name.view == "client_sample_rate") return in.texts.read_context(event.trace_client_sample_rate);
  if (name.view == "op") return in.texts.read_context(event.trace_op);
  if (name.view == "status") return in.texts.read_context(event.trace_status);
  return in.json.check();
}

constexpr auto kReplay = describe_part<Event>(field<&Event::replay_id>("replay_id"));
constexpr auto kTrace = describe<Event>(field<&Event::trace_sampled>("sampled"),          //
                                        field<&Event::span_id>("span_id"),                //
                                        field<&Event::trace_id>("trace_id"),              //
                                        field<&Event::parent_span_id>("parent_span_id"),  //
                                        other_fields<other_of_trace>())
                            .object_only();
constexpr auto kContexts = describe<Event>(field<values<flag>>("flags"),                //
                                           field<nullable<object<kReplay>>>("replay"),  //
                                           field<nullable<object<kTrace>>>("trace"),    //
                                           other_fields<other_context>())
                               .object_only();

// --- exceptions and threads -----------------------------------------------------------------------------------------

bool thread_id(ErrorReading& in, std::optional<ErrorThreadId>& out) {
  if (in.json.consume_null()) return true;
  ErrorThreadId& id = out.emplace();
  id.is_text = in.json.peek() == JsonKind::String;
  return id.is_text ? in.json.read_string(id.text) : in.json.read_u64(id.number);
}

constexpr auto kFrame = describe_part<Frame>(field<&Frame::abs_path, any_text>("abs_path"),  //
                                             field<&Frame::filename, any_text>("filename"),  //
                                             field<&Frame::package, any_text>("package"),    //
                                             field<&Frame::module, any_text>("module"),      //
                                             field<&Frame::function, any_text>("function"),  //
                                             field<&Frame::in_app>("in_app"),                //
                                             field<&Frame::colno>("colno"),                  //
                                             field<&Frame::lineno, tolerant_u32>("lineno"));

bool frame(ErrorReading& in, Event& event) {
  Frame& frame = event.frames.add();
  frame.stack_level = static_cast<uint16_t>(event.exceptions.size() - 1);
  return kFrame.read(in, frame);
}

constexpr auto kFrames = describe_part<Event>(field<each_element<frame>>("frames"));

bool stack_trace(ErrorReading& in, Exception&) { return nullable<object<kFrames>>(in, in.event); }

constexpr auto kMechanism = describe_part<Exception>(field<&Exception::mechanism_type, any_text>("type"),
                                                     field<&Exception::mechanism_handled, handled>("handled"));
constexpr auto kException = describe_part<Exception>(field<stack_trace>("stacktrace"),                  //
                                                     field<nullable<object<kMechanism>>>("mechanism"),  //
                                                     field<&Exception::type, any_text>("type"),         //
                                                     field<&Exception::value, any_text>("value"),       //
                                                     field<&Exception::thread_id, thread_id>("thread_id"));
constexpr auto kThread = describe_part<ErrorThread>(field<&ErrorThread::id, thread_id>("id"),  //
                                                    field<&ErrorThread::main>("main"));

// --- the rest of data -----------------------------------------------------------------------------------------------

bool tag(ErrorReading& in, Event& event) {
  OptionalText name;
  OptionalText value;
  const bool read = read_pair(
      in.json, [&] { return in.texts.read_any(name); }, [&] { return in.texts.read_any(value); });
  if (name && value) event.tags.add() = {*name, *value};
  return read;
}

bool module(ErrorReading& in, const JsonString& name, Event& event) {
  ErrorModule& module = event.modules.add();
  module.name = name;
  return read_field(in, module.version);
}

// Only the first Referer counts, whatever its value is.
bool header(ErrorReading& in, Event& event) {
  JsonString name;
  OptionalText value;
  const bool read = read_pair(
      in.json, [&] { return in.json.read_string(name); }, [&] { return in.texts.read_any(value); });
  if (event.has_referer || (name.view != "Referer" && name.view != "Referrer")) return read;
  event.has_referer = true;
  event.http_referer = value;
  return read;
}

bool integration(ErrorReading& in, Event& event) {
  OptionalText text;
  if (!in.texts.read_any(text)) return false;
  event.sdk_integrations.add() = *text;
  return true;
}

constexpr auto kRequest =
    describe_part<Event>(field<&Event::http_method, any_text>("method"), field<each_element<header>>("headers"));
constexpr auto kSdk =
    describe_part<Event>(field<&Event::sdk_name, any_text>("name"), field<&Event::sdk_version, any_text>("version"),
                         field<each_element<integration>>("integrations"));
constexpr auto kUser = describe_part<Event>(field<&Event::user_email, any_text>("email"),  //
                                            field<&Event::user_id, any_text>("id"),        //
                                            field<&Event::user_ip_address>("ip_address"),  //
                                            field<&Event::user_name, any_text>("username"), field<geo>("geo"));

constexpr auto kData =
    describe_part<Event>(field<nullable<object<kContexts>>>("contexts"),                              //
                         field<&Event::culprit, any_text>("culprit"),                                 //
                         field<&Event::processing_errors, count_elements>("errors"),                  //
                         field<values<add_to<&Event::exceptions, object<kException>>>>("exception"),  //
                         field<&Event::location>("location"),                                         //
                         field<each_field<module>>("modules"),                                        //
                         field<&Event::received>("received"),                                         //
                         field<nullable<object<kRequest>>>("request"),                                //
                         field<nullable<object<kSdk>>>("sdk"),                                        //
                         field<each_element<tag>>("tags"),                                            //
                         field<values<add_to<&Event::threads, object<kThread>>>>("threads"),          //
                         field<&Event::title, any_text>("title"),                                     //
                         field<&Event::type, any_text>("type"),                                       //
                         field<nullable<object<kUser>>>("user"),                                      //
                         field<&Event::version>("version"),                                           //
                         field<&Event::symbolicated_in_app>("symbolicated_in_app"),                   //
                         field<&Event::sample_rate>("sample_rate"),                                   //
                         also_named("sentry.interfaces.Exception", "exception"),                      //
                         also_named("sentry.interfaces.Threads", "threads"),                          //
                         also_named("sentry.interfaces.User", "user"));

constexpr auto kEvent = describe_part<Event>(field<object<kData>>("data", Need::Required),                          //
                                             field<&Event::datetime_ms, milliseconds>("datetime"),                  //
                                             field<&Event::event_id>("event_id", Need::Required),                   //
                                             field<&Event::group_id>("group_id", Need::Required),                   //
                                             field<&Event::group_first_seen_ms, milliseconds>("group_first_seen"),  //
                                             field<&Event::message>("message", Need::Required),                     //
                                             field<&Event::primary_hash>("primary_hash", Need::Required),           //
                                             field<&Event::project_id>("project_id", Need::Required),               //
                                             field<&Event::retention_days>("retention_days"),                       //
                                             field<&Event::platform>("platform"));

}  // namespace

bool read_error_event(ErrorReading& in) { return kEvent.read(in, in.event); }

}  // namespace freshet::processors

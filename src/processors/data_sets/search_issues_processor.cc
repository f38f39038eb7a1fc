// Occurrences of issues other than errors. One row per message, or none if it is older than its retention.
//   skipped  event_too_old
//   invalid  null_payload, invalid_message (not JSON, no envelope), invalid_message_version, invalid_message_type,
//            missing_field, invalid_value (Snuba's invalid_uuid and process_message_error)
#include <algorithm>
#include <array>
#include <vector>

#include "processors/data_sets/data_sets.h"
#include "processors/description/described_processor.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_pairs.h"
#include "processors/python/python_processor.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

constexpr uint32_t kMostFingerprints = 99;
constexpr int64_t kDaysOfNone = 90;  // if the event has no value, whatever is configured

// --- fields ---------------------------------------------------------------------------------------------------------

using Value = const PythonValue*;

struct IssueFields {
  AnyValue organization_id;
  AnyValue project_id;
  AnyValue group_id;
  Value event_id = nullptr;
  Value primary_hash = nullptr;
  AnyValue platform;
  AsText message;
  Value group_first_seen = nullptr;
  Value date_time = nullptr;
  Value retention_days = nullptr;
  Value data = nullptr;
  Value occurrence = nullptr;
  // data
  Value received = nullptr;
  Value client_timestamp = nullptr;
  Value timestamp = nullptr;
  Value start_timestamp = nullptr;
  Value tags = nullptr;
  Value user = nullptr;
  Value request = nullptr;
  Value sdk = nullptr;
  Value contexts = nullptr;
  Value environment = nullptr;
  Value release = nullptr;
  Value dist = nullptr;
  AsText user_name;
  AsText user_id;
  AsText user_email;
  Value user_ip = nullptr;
  AsText http_method;
  Value http_headers = nullptr;
  AsText sdk_name;
  AsText sdk_version;
  // occurrence_data
  Value occurrence_id = nullptr;
  AnyValue type;
  Value fingerprint = nullptr;
  AnyValue title;
  Value detection_time = nullptr;
  AnyValue subtitle;
  AnyValue culprit;
  AnyValue level;
  AnyValue resource_id;
};

using In = IssueFields;
constexpr auto kEvent = describe<In>(
    field<&In::organization_id>("organization_id", Need::Required),
    field<&In::project_id>("project_id", Need::Required), field<&In::group_id>("group_id", Need::Required),
    field<&In::event_id>("event_id", Need::Required), field<&In::primary_hash>("primary_hash", Need::Required),
    field<&In::platform>("platform", Need::Required), field<&In::message>("message", Need::Required),
    field<&In::group_first_seen>("group_first_seen"), field<&In::date_time>("datetime"),
    field<&In::retention_days>("retention_days"), field<&In::data>("data"), field<&In::occurrence>("occurrence_data"));
constexpr auto kData = describe<In>(
    field<&In::received>("received"), field<&In::client_timestamp>("client_timestamp"),
    field<&In::timestamp>("timestamp"), field<&In::start_timestamp>("start_timestamp"), field<&In::tags>("tags"),
    field<&In::user>("user"), field<&In::request>("request"), field<&In::sdk>("sdk"), field<&In::contexts>("contexts"),
    field<&In::environment>("environment"), field<&In::release>("release"), field<&In::dist>("dist"));
constexpr auto kUser = describe<In>(field<&In::user_name>("username"), field<&In::user_id>("id"),
                                    field<&In::user_email>("email"), field<&In::user_ip>("ip_address"));
constexpr auto kRequest = describe<In>(field<&In::http_method>("method"), field<&In::http_headers>("headers"));
constexpr auto kSdk = describe<In>(field<&In::sdk_name>("name"), field<&In::sdk_version>("version"));
constexpr auto kOccurrence = describe<In>(
    field<&In::occurrence_id>("id", Need::Required), field<&In::type>("type", Need::Required),
    field<&In::fingerprint>("fingerprint", Need::Required), field<&In::title>("issue_title", Need::Required),
    field<&In::detection_time>("detection_time"), field<&In::subtitle>("subtitle"), field<&In::culprit>("culprit"),
    field<&In::level>("level"), field<&In::resource_id>("resource_id"));

// --- columns --------------------------------------------------------------------------------------------------------

struct Issue {
  IssueFields in;
  int64_t detection = 0;  // microseconds since 1970, like all instants here
  int64_t received = 0;
  int64_t client = 0;
  std::optional<int64_t> group_first_seen;
  Retention retention;
  Uuid event_id;
  Uuid primary_hash;
  Uuid occurrence_id;
  PythonPairs tags;
  Value release = nullptr;
  Value environment = nullptr;
  Value user = nullptr;
  Value dist = nullptr;
  Value http_referer = nullptr;
  std::optional<PythonIp> ip;
  // Ids in contexts that have columns of their own and also stay in the arrays.
  std::optional<Uuid> trace_id;
  std::optional<Uuid> profile_id;
  std::optional<Uuid> replay_id;
  std::vector<PythonContext> contexts;
  int64_t duration_ms = 0;
};

using I = Issue;
using Tag = PythonPairs::Pair;

std::optional<Stamp> group_first_seen(const I& i) {
  return i.group_first_seen ? std::optional(Stamp{*i.group_first_seen}) : std::nullopt;
}
FirstAsIs fingerprint(const I& i) { return {i.in.fingerprint, kMostFingerprints}; }
const std::vector<Tag>& tags(const I& i) { return i.tags.pairs(); }
DottedText name_of_context(const PythonContext& c) { return {c.container->string(), c.member->string()}; }
Ticks<3> timestamp_ms(const I& i) { return {milliseconds_of(i.client)}; }

constexpr auto kIssue = describe<I>(column<&I::in, &In::group_id>("group_id"),                    //
                                    column<group_first_seen>("group_first_seen"),                 //
                                    column<&I::in, &In::organization_id>("organization_id"),      //
                                    column<&I::in, &In::project_id>("project_id"),                //
                                    column<&I::event_id>("event_id"),                             //
                                    column<&I::in, &In::title>("search_title"),                   //
                                    column<&I::in, &In::subtitle>("subtitle"),                    //
                                    column<&I::in, &In::culprit>("culprit"),                      //
                                    column<&I::in, &In::level>("level"),                          //
                                    column<&I::primary_hash>("primary_hash"),                     //
                                    column<fingerprint>("fingerprint"),                           //
                                    column<&I::in, &In::resource_id>("resource_id"),              //
                                    column<&I::occurrence_id>("occurrence_id"),                   //
                                    column<&I::in, &In::type>("occurrence_type_id"),              //
                                    column<&I::detection, as_stamp>("detection_timestamp"),       //
                                    column<&I::received, as_stamp>("receive_timestamp"),          //
                                    column<&I::client, as_stamp>("client_timestamp"),             //
                                    column<&I::in, &In::platform>("platform"),                    //
                                    column<&I::in, &In::message>("message"),                      //
                                    column<tags, each<&Tag::key, as_text>>("tags.key"),           //
                                    column<tags, each<&Tag::value, as_text>>("tags.value"),       //
                                    column<&I::release, as_is>("release"),                        //
                                    column<&I::environment, as_is>("environment"),                //
                                    column<&I::user, as_is>("user"),                              //
                                    column<&I::dist, as_text>("dist"),                            //
                                    column<&I::in, &In::user_name>("user_name"),                  //
                                    column<&I::in, &In::user_id>("user_id"),                      //
                                    column<&I::in, &In::user_email>("user_email"),                //
                                    column<&I::ip, v4_when_there>("ip_address_v4"),               //
                                    column<&I::ip, v6_when_there>("ip_address_v6"),               //
                                    column<&I::in, &In::http_method>("http_method"),              //
                                    column<&I::http_referer, as_text>("http_referer"),            //
                                    column<&I::in, &In::sdk_name>("sdk_name"),                    //
                                    column<&I::in, &In::sdk_version>("sdk_version"),              //
                                    column<&I::contexts, each<name_of_context>>("contexts.key"),  //
                                    column<&I::contexts, each<&PythonContext::value, as_text>>("contexts.value"),
                                    column<&I::trace_id, when_there>("trace_id"),      //
                                    column<&I::profile_id, when_there>("profile_id"),  //
                                    column<&I::replay_id, when_there>("replay_id"),    //
                                    column<&I::duration_ms>("transaction_duration"),   //
                                    column<timestamp_ms>("timestamp_ms"),              //
                                    column<message_time>("message_timestamp"),         //
                                    column<&I::retention>("retention_days"),           //
                                    column<partition_of>("partition"), column<offset_of>("offset"));

// --- reading --------------------------------------------------------------------------------------------------------

std::optional<Uuid> uuid_of(const PythonValue& value) {
  return value.is_string() ? parse_python_uuid(value.view()) : std::nullopt;
}
// From the value as text. The text of an integer can be a UUID; that of other types cannot.
std::optional<Uuid> uuid_of_text(const PythonValue& value) {
  const bool maybe = value.is_string() || value.kind() == PythonValue::Kind::Integer;
  return maybe ? parse_python_uuid(value.view()) : std::nullopt;
}
std::optional<int64_t> time_of(Value value) {
  return value != nullptr && value->is_string() ? parse_python_time(value->view()) : std::nullopt;
}
bool is_version(const PythonValue& value) { return value.is_number() && !value.is_bool() && to_double(value) == 2; }

class SearchIssuesProcessor final : public PythonProcessor<kIssue> {
 public:
  using PythonProcessor::PythonProcessor;

 private:
  ProcessResult read(const PythonValue& root, Issue& out) override {
    out.in = {};
    missing_ = {};
    ProcessResult result = read_envelope(root, out.in);
    if (result.kind == ProcessResult::Kind::Rows) result = read_age(out);
    if (result.kind != ProcessResult::Kind::Rows) return result;
    if (!missing_.empty()) return missing_field(missing_);
    const bool good = read_times(out) && read_ids(out) && read_tags(out) && read_parts(out) && read_contexts(out) &&
                      read_duration(out);
    return good ? result : invalid_value(wrong_);
  }

  ProcessResult read_envelope(const PythonValue& root, In& in);
  ProcessResult read_age(Issue& out);
  // False: invalid; wrong_ says why.
  bool read_times(Issue& out);
  bool read_ids(Issue& out);
  bool read_tags(Issue& out);
  bool read_parts(Issue& out);
  bool read_contexts(Issue& out);
  bool read_id(Value contexts, const char* container, const char* name, std::optional<Uuid>& out);
  bool read_duration(Issue& out);
  bool fail(const char* wrong) {
    wrong_ = wrong;
    return false;
  }

  PythonPairs headers_;
  std::vector<PythonMember> containers_;
  std::vector<PythonMember> members_;
  std::string_view missing_;  // the first required field that is missing
  const char* wrong_ = "";
};

ProcessResult SearchIssuesProcessor::read_envelope(const PythonValue& root, In& in) {
  if (!root.is_array() || root.count() < 2) {
    return ProcessResult::invalid("invalid_message", "the message is not an envelope");
  }
  const Value version = root.begin();
  if (!is_version(*version)) return ProcessResult::invalid("invalid_message_version", "the message's version is not 2");
  const Value type = version->after();
  if (root.count() == 2) return ProcessResult::invalid("invalid_message", "the message has no event");
  if (!type->is_string("insert")) return ProcessResult::invalid("invalid_message_type", "the message is not an insert");
  const Value event = type->after();
  if (!event->is_object()) return invalid_value("the event is not an object");
  missing_ = pick<kEvent>(event, in);
  if (in.data == nullptr || !in.data->is_object()) return invalid_value("event.data is not an object");
  if (in.occurrence == nullptr || !in.occurrence->is_object()) {
    return invalid_value("event.occurrence_data is not an object");
  }
  pick<kData>(in.data, in);
  const std::string_view missing = pick<kOccurrence>(in.occurrence, in);
  if (missing_.empty()) missing_ = missing;
  return ProcessResult::rows(1);
}

ProcessResult SearchIssuesProcessor::read_age(Issue& out) {
  if (out.in.detection_time == nullptr) return missing_field("occurrence_data.detection_time");
  if (out.in.received == nullptr) return missing_field("data.received");
  const auto detection = instant_of(*out.in.detection_time);
  if (!detection) return invalid_value("occurrence_data.detection_time is not a time");
  const auto received = instant_of(*out.in.received);
  if (!received) return invalid_value("data.received is not a time");
  out.detection = *detection;
  out.received = *received;
  out.retention = retention_of(out.in.retention_days, kDaysOfNone, *detection, settings_, values_);
  if (out.retention.age == Retention::Age::TooOld) return ProcessResult::skip("event_too_old");
  if (out.retention.age == Retention::Age::NotComputable) return invalid_value("retention_days is out of range");
  return ProcessResult::rows(1);
}

bool SearchIssuesProcessor::read_times(Issue& out) {
  const Value client = out.in.client_timestamp;
  const bool given = !is_none_or_falsy(client);
  const auto time = given ? instant_of(*client) : time_of(out.in.date_time);
  if (!time) return fail(given ? "data.client_timestamp is not a time" : "event.datetime is not a time");
  if (!given && !is_in_window(*time)) return fail("event.datetime is out of range");
  out.client = *time;
  out.group_first_seen = time_of(out.in.group_first_seen);
  if (out.in.group_first_seen != nullptr && !out.group_first_seen) return fail("event.group_first_seen is not a time");
  if (out.group_first_seen && !is_in_window(*out.group_first_seen)) out.group_first_seen.reset();
  return true;
}

bool SearchIssuesProcessor::read_ids(Issue& out) {
  const PythonValue& fingerprint = *out.in.fingerprint;
  if (!fingerprint.is_array() && !fingerprint.is_string()) return fail("occurrence_data.fingerprint is not an array");
  const auto event_id = uuid_of(*out.in.event_id);
  if (!event_id) return fail("event.event_id is not a UUID");
  const auto primary_hash = uuid_of(*out.in.primary_hash);
  if (!primary_hash) return fail("event.primary_hash is not a UUID");
  const auto occurrence_id = uuid_of(*out.in.occurrence_id);
  if (!occurrence_id) return fail("occurrence_data.id is not a UUID");
  out.event_id = *event_id;
  out.primary_hash = *primary_hash;
  out.occurrence_id = *occurrence_id;
  return true;
}

bool SearchIssuesProcessor::read_tags(Issue& out) {
  if (!out.tags.read(out.in.tags)) return fail("data.tags is not a list of pairs");
  if (!out.tags.sort()) return fail("data.tags mixes names that are text with numbers");
  const auto tag_or = [&](std::string_view name, Value other) {
    const Value tag = out.tags.find(name);
    return tag != nullptr ? tag : other;
  };
  out.release = tag_or("sentry:release", out.in.release);
  out.environment = tag_or("environment", out.in.environment);
  out.user = out.tags.find("sentry:user");
  out.dist = tag_or("sentry:dist", out.in.dist);
  out.tags.keep_tags();
  return true;
}

bool SearchIssuesProcessor::read_parts(Issue& out) {
  In& in = out.in;
  if (in.user != nullptr && !in.user->is_object()) return fail("data.user is not an object");
  pick<kUser>(in.user, in);
  out.ip = in.user_ip != nullptr && in.user_ip->is_string() ? parse_python_ip(in.user_ip->view()) : std::nullopt;
  // Older Snuba accepts only a missing request as no request.
  const bool no_request = settings_.june ? in.request == nullptr : is_none_or_falsy(in.request);
  if (!no_request && !in.request->is_object()) return fail("data.request is not an object");
  pick<kRequest>(in.request, in);
  if (!headers_.read(in.http_headers)) return fail("data.request.headers is not a list of pairs");
  out.http_referer = headers_.find("Referer");
  if (!is_none_or_falsy(in.sdk) && !in.sdk->is_object()) return fail("data.sdk is not an object");
  pick<kSdk>(in.sdk, in);
  return true;
}

bool SearchIssuesProcessor::read_contexts(Issue& out) {
  out.contexts.clear();
  const Value contexts = is_none_or_falsy(out.in.contexts) ? nullptr : out.in.contexts;
  if (contexts != nullptr && !contexts->is_object()) return fail("data.contexts is not an object");
  const bool good = read_id(contexts, "trace", "trace_id", out.trace_id) &&
                    read_id(contexts, "profile", "profile_id", out.profile_id) &&
                    read_id(contexts, "replay", "replay_id", out.replay_id);
  if (!good || contexts == nullptr) return good;
  unique_members(*contexts, containers_);
  for (const PythonMember& container : containers_) {
    if (!container.value->is_object()) continue;
    unique_members(*container.value, members_);
    for (const PythonMember& one : members_) {
      if (!is_context_value(*one.value) || one.key->view() == "type") continue;
      out.contexts.push_back({container.key, one.key, one.value});
    }
  }
  return true;
}

bool SearchIssuesProcessor::read_id(Value contexts, const char* container, const char* name, std::optional<Uuid>& out) {
  out.reset();
  const Value context = member(contexts, container);
  if (is_none_or_falsy(context)) return true;
  if (!context->is_object()) return fail("a context (trace, profile or replay) is not an object");
  const Value id = member(context, name);
  if (is_none(id)) return true;
  out = uuid_of_text(*id);
  return out || fail("an id in the context trace, profile or replay is not a UUID");
}

bool SearchIssuesProcessor::read_duration(Issue& out) {
  out.duration_ms = 0;
  const Value start = out.in.start_timestamp;
  const Value finish = out.in.timestamp;
  if (start == nullptr || finish == nullptr || !start->is_number() || !finish->is_number()) return true;
  std::array<int64_t, 2> instants;
  for (size_t i = 0; i < instants.size(); ++i) {
    const auto seconds = integer_of(i == 0 ? *start : *finish);
    const auto instant = seconds ? instant_of_seconds(*seconds) : std::nullopt;
    if (!instant) return fail("data.start_timestamp or data.timestamp is not a time");
    instants[i] = is_in_window(*instant) ? *instant : values_.now_us();
  }
  out.duration_ms = std::max<int64_t>(0, milliseconds_of(instants[1] - instants[0]));
  return true;
}

}  // namespace

ProcessorFactory search_issues(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<SearchIssuesProcessor>(settings, environment);
}

}  // namespace freshet::processors

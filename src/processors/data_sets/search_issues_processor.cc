#include "processors/data_sets/search_issues_processor.h"

#include <algorithm>

#include "processors/python/python_invalid.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_values.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

constexpr uint32_t kMostFingerprints = 99;
constexpr int64_t kDaysOfNone = 90;  // if the event has no value, whatever is configured

enum InEvent {
  kOrganization,
  kProject,
  kGroup,
  kEventId,
  kPrimaryHash,
  kPlatform,
  kMessage,
  kGroupFirstSeen,
  kDateTime,
  kRetention,
  kData,
  kOccurrence,
};
constexpr Fields kEventFields({{"organization_id", Need::Required},
                               {"project_id", Need::Required},
                               {"group_id", Need::Required},
                               {"event_id", Need::Required},
                               {"primary_hash", Need::Required},
                               {"platform", Need::Required},
                               {"message", Need::Required},
                               {"group_first_seen"},
                               {"datetime"},
                               {"retention_days"},
                               {"data"},
                               {"occurrence_data"}});

enum InData {
  kReceived,
  kClientTimestamp,
  kTimestamp,
  kStart,
  kTags,
  kUser,
  kRequest,
  kSdk,
  kContexts,
  kEnvironment,
  kRelease,
  kDist,
};
constexpr Fields kDataFields({{"received"},
                              {"client_timestamp"},
                              {"timestamp"},
                              {"start_timestamp"},
                              {"tags"},
                              {"user"},
                              {"request"},
                              {"sdk"},
                              {"contexts"},
                              {"environment"},
                              {"release"},
                              {"dist"}});

enum InOccurrence { kId, kType, kFingerprint, kTitle, kDetection, kSubtitle, kCulprit, kLevel, kResource };
constexpr Fields kOccurrenceFields({{"id", Need::Required},
                                    {"type", Need::Required},
                                    {"fingerprint", Need::Required},
                                    {"issue_title", Need::Required},
                                    {"detection_time"},
                                    {"subtitle"},
                                    {"culprit"},
                                    {"level"},
                                    {"resource_id"}});

constexpr Column kGroupIdColumn("group_id");
constexpr Column kGroupFirstSeenColumn("group_first_seen");
constexpr Column kOrganizationColumn("organization_id");
constexpr Column kProjectColumn("project_id");
constexpr Column kEventIdColumn("event_id");
constexpr Column kSearchTitle("search_title");
constexpr Column kSubtitleColumn("subtitle");
constexpr Column kCulpritColumn("culprit");
constexpr Column kLevelColumn("level");
constexpr Column kPrimaryHashColumn("primary_hash");
constexpr Column kFingerprintColumn("fingerprint");
constexpr Column kResourceColumn("resource_id");
constexpr Column kOccurrenceId("occurrence_id");
constexpr Column kOccurrenceType("occurrence_type_id");
constexpr Column kDetectionTimestamp("detection_timestamp");
constexpr Column kReceiveTimestamp("receive_timestamp");
constexpr Column kClientTimestampColumn("client_timestamp");
constexpr Column kPlatformColumn("platform");
constexpr Column kMessageColumn("message");
constexpr Column kTagKeys("tags.key");
constexpr Column kTagValues("tags.value");
constexpr Column kReleaseColumn("release");
constexpr Column kEnvironmentColumn("environment");
constexpr Column kUserColumn("user");
constexpr Column kDistColumn("dist");
constexpr Column kUserName("user_name");
constexpr Column kUserId("user_id");
constexpr Column kUserEmail("user_email");
constexpr Column kIpV4("ip_address_v4");
constexpr Column kIpV6("ip_address_v6");
constexpr Column kHttpMethod("http_method");
constexpr Column kHttpReferer("http_referer");
constexpr Column kSdkName("sdk_name");
constexpr Column kSdkVersion("sdk_version");
constexpr Column kContextKeys("contexts.key");
constexpr Column kContextValues("contexts.value");
constexpr Column kTransactionDuration("transaction_duration");
constexpr Column kTimestampMs("timestamp_ms");
constexpr Column kMessageTimestamp("message_timestamp");
constexpr Column kRetentionDays("retention_days");
constexpr Column kPartition("partition");
constexpr Column kOffset("offset");

// Ids in contexts that have columns of their own and also stay in the arrays.
struct Promoted {
  std::string_view container;
  std::string_view member;
  Column column;
};
constexpr std::array<Promoted, 3> kPromoted = {{{"trace", "trace_id", Column("trace_id")},
                                                {"profile", "profile_id", Column("profile_id")},
                                                {"replay", "replay_id", Column("replay_id")}}};

std::optional<Uuid> uuid_of(const PythonValue& value) {
  return value.is_string() ? parse_python_uuid(value.view()) : std::nullopt;
}

// From the value as text. The text of an integer can be a UUID; that of other types cannot.
std::optional<Uuid> uuid_of_text(const PythonValue& value) {
  const bool maybe = value.is_string() || value.kind() == PythonValue::Kind::Integer;
  return maybe ? parse_python_uuid(value.view()) : std::nullopt;
}

bool is_version(const PythonValue& value) { return value.is_number() && !value.is_bool() && to_double(value) == 2; }

ProcessResult good() { return ProcessResult::rows(1); }
bool is_good(const ProcessResult& result) { return result.kind == ProcessResult::Kind::Rows; }

}  // namespace

struct SearchIssuesMessageProcessor::Occurrence {
  std::array<const PythonValue*, 12> event;
  std::array<const PythonValue*, 12> data;
  std::array<const PythonValue*, 9> occurrence;
  int64_t detection = 0;  // microseconds since 1970, like all instants here
  int64_t received = 0;
  int64_t client = 0;
  std::optional<int64_t> group_first_seen;
  Retention retention;
  Uuid event_id;
  Uuid primary_hash;
  Uuid occurrence_id;
  const PythonValue* request = nullptr;
  const PythonValue* sdk = nullptr;
  std::array<std::optional<Uuid>, kPromoted.size()> promoted;
  int64_t duration_ms = 0;
};

SearchIssuesMessageProcessor::SearchIssuesMessageProcessor(const ProcessorsSettings& settings,
                                                           const ProcessorEnvironment& environment)
    : settings_(settings), values_(environment), row_(tick_form(settings)) {}

ProcessResult SearchIssuesMessageProcessor::process(const MessageContext& context, const Message& message,
                                                    std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  const PythonValue* const root = json_.read(*message.payload);
  if (root == nullptr) return invalid_json(json_);
  Occurrence occurrence;
  ProcessResult result = read_envelope(*root, occurrence);
  if (is_good(result)) result = read_age(occurrence);
  if (is_good(result)) result = read(occurrence);
  if (!is_good(result)) return result;
  row_.clear();
  write(occurrence, context, message);
  row_.move_to(rows);
  return result;
}

// --- reading --------------------------------------------------------------------------------------------------------

ProcessResult SearchIssuesMessageProcessor::read_envelope(const PythonValue& root, Occurrence& out) {
  if (!root.is_array() || root.count() < 2)
    return ProcessResult::invalid("invalid_message", "the message is not an envelope");
  const PythonValue* const version = root.begin();
  if (!is_version(*version)) return ProcessResult::invalid("invalid_message_version", "the message's version is not 2");
  const PythonValue* const type = version->after();
  if (root.count() == 2) return ProcessResult::invalid("invalid_message", "the message has no event");
  if (!type->is_string("insert")) return ProcessResult::invalid("invalid_message_type", "the message is not an insert");
  const PythonValue* const event = type->after();
  if (!event->is_object()) return invalid_value("the event is not an object");
  out.event = members_of(*event, kEventFields);
  const PythonValue* const data = out.event[kData];
  const PythonValue* const occurrence = out.event[kOccurrence];
  if (data == nullptr || !data->is_object()) return invalid_value("event.data is not an object");
  if (occurrence == nullptr || !occurrence->is_object()) return invalid_value("event.occurrence_data is not an object");
  out.data = members_of(*data, kDataFields);
  out.occurrence = members_of(*occurrence, kOccurrenceFields);
  return good();
}

ProcessResult SearchIssuesMessageProcessor::read_age(Occurrence& out) {
  if (out.occurrence[kDetection] == nullptr) return missing_field("occurrence_data.detection_time");
  if (out.data[kReceived] == nullptr) return missing_field("data.received");
  const auto detection = instant_of(*out.occurrence[kDetection]);
  if (!detection) return invalid_value("occurrence_data.detection_time is not a time");
  const auto received = instant_of(*out.data[kReceived]);
  if (!received) return invalid_value("data.received is not a time");
  out.detection = *detection;
  out.received = *received;
  out.retention = retention_of(out.event[kRetention], kDaysOfNone, *detection, settings_, values_);
  if (out.retention.age == Retention::Age::TooOld) return ProcessResult::skip("event_too_old");
  if (out.retention.age == Retention::Age::NotComputable) return invalid_value("retention_days is out of range");
  return good();
}

ProcessResult SearchIssuesMessageProcessor::read(Occurrence& out) {
  if (const auto name = first_missing(out.event, kEventFields); !name.empty()) return missing_field(name);
  if (const auto name = first_missing(out.occurrence, kOccurrenceFields); !name.empty()) return missing_field(name);
  using Step = const char* (SearchIssuesMessageProcessor::*)(Occurrence&);
  using Self = SearchIssuesMessageProcessor;
  for (const Step step :
       {&Self::read_times, &Self::read_ids, &Self::read_tags_and_parts, &Self::read_contexts, &Self::read_duration}) {
    if (const char* const wrong = (this->*step)(out); wrong != nullptr) return invalid_value(wrong);
  }
  return good();
}

const char* SearchIssuesMessageProcessor::read_times(Occurrence& out) {
  const auto parse = [](const PythonValue* value) {
    return value != nullptr && value->is_string() ? parse_python_time(value->view()) : std::nullopt;
  };
  const PythonValue* const client = out.data[kClientTimestamp];
  const bool given = !is_none_or_falsy(client);
  const auto time = given ? instant_of(*client) : parse(out.event[kDateTime]);
  if (!time) return given ? "data.client_timestamp is not a time" : "event.datetime is not a time";
  if (!given && !is_in_window(*time)) return "event.datetime is out of range";
  out.client = *time;
  if (out.event[kGroupFirstSeen] == nullptr) return nullptr;
  out.group_first_seen = parse(out.event[kGroupFirstSeen]);
  if (!out.group_first_seen) return "event.group_first_seen is not a time";
  if (!is_in_window(*out.group_first_seen)) out.group_first_seen.reset();
  return nullptr;
}

const char* SearchIssuesMessageProcessor::read_ids(Occurrence& out) {
  const PythonValue& fingerprint = *out.occurrence[kFingerprint];
  if (!fingerprint.is_array() && !fingerprint.is_string()) return "occurrence_data.fingerprint is not an array";
  const auto event_id = uuid_of(*out.event[kEventId]);
  if (!event_id) return "event.event_id is not a UUID";
  const auto primary_hash = uuid_of(*out.event[kPrimaryHash]);
  if (!primary_hash) return "event.primary_hash is not a UUID";
  const auto occurrence_id = uuid_of(*out.occurrence[kId]);
  if (!occurrence_id) return "occurrence_data.id is not a UUID";
  out.event_id = *event_id;
  out.primary_hash = *primary_hash;
  out.occurrence_id = *occurrence_id;
  return nullptr;
}

const char* SearchIssuesMessageProcessor::read_tags_and_parts(Occurrence& out) {
  if (!tags_.read(out.data[kTags])) return "data.tags is not a list of pairs";
  if (!tags_.sort()) return "data.tags mixes names that are text with numbers";
  if (out.data[kUser] != nullptr && !out.data[kUser]->is_object()) return "data.user is not an object";
  const PythonValue* const request = out.data[kRequest];
  // Older Snuba accepts only a missing request as no request.
  const bool no_request = settings_.june ? request == nullptr : is_none_or_falsy(request);
  if (!no_request && !request->is_object()) return "data.request is not an object";
  if (!no_request) out.request = request;
  if (!headers_.read(member(out.request, "headers"))) return "data.request.headers is not a list of pairs";
  const PythonValue* const sdk = out.data[kSdk];
  if (is_none_or_falsy(sdk)) return nullptr;
  if (!sdk->is_object()) return "data.sdk is not an object";
  out.sdk = sdk;
  return nullptr;
}

const char* SearchIssuesMessageProcessor::read_contexts(Occurrence& out) {
  containers_.clear();
  contexts_.clear();
  const PythonValue* const contexts = out.data[kContexts];
  if (is_none_or_falsy(contexts)) return nullptr;
  if (!contexts->is_object()) return "data.contexts is not an object";
  for (size_t i = 0; i < kPromoted.size(); ++i) {
    const PythonValue* const container = member(contexts, kPromoted[i].container);
    if (is_none_or_falsy(container)) continue;
    if (!container->is_object()) return "a context (trace, profile or replay) is not an object";
    const PythonValue* const id = member(container, kPromoted[i].member);
    if (is_none(id)) continue;
    out.promoted[i] = uuid_of_text(*id);
    if (!out.promoted[i]) return "an id in the context trace, profile or replay is not a UUID";
  }
  unique_members(*contexts, containers_);
  for (const PythonMember& container : containers_) {
    if (!container.value->is_object()) continue;
    unique_members(*container.value, members_);
    for (const PythonMember& one : members_) {
      if (!is_context_value(*one.value) || one.key->view() == "type") continue;
      contexts_.push_back({container.key, one.key, one.value});
    }
  }
  return nullptr;
}

const char* SearchIssuesMessageProcessor::read_duration(Occurrence& out) {
  const PythonValue* const start = out.data[kStart];
  const PythonValue* const finish = out.data[kTimestamp];
  if (start == nullptr || finish == nullptr || !start->is_number() || !finish->is_number()) return nullptr;
  std::array<int64_t, 2> instants;
  for (size_t i = 0; i < instants.size(); ++i) {
    const auto seconds = integer_of(i == 0 ? *start : *finish);
    const auto instant = seconds ? instant_of_seconds(*seconds) : std::nullopt;
    if (!instant) return "data.start_timestamp or data.timestamp is not a time";
    instants[i] = is_in_window(*instant) ? *instant : values_.now_us();
  }
  out.duration_ms = std::max<int64_t>(0, milliseconds_of(instants[1] - instants[0]));
  return nullptr;
}

// --- writing --------------------------------------------------------------------------------------------------------

void SearchIssuesMessageProcessor::write(const Occurrence& o, const MessageContext& context, const Message& message) {
  row_.begin_row();
  write_event(o);
  write_tags(o);
  write_parts(o);
  row_.put_contexts(kContextKeys, kContextValues, contexts_);
  for (size_t i = 0; i < kPromoted.size(); ++i) {
    if (o.promoted[i]) row_.put(kPromoted[i].column, *o.promoted[i]);
  }
  row_.put(kTransactionDuration, o.duration_ms);
  row_.put(kTimestampMs, Ticks<3>{milliseconds_of(o.client)});
  row_.put_stamp(kMessageTimestamp, message.timestamp_ms * 1000);
  row_.put_retention(kRetentionDays, o.retention);
  row_.put(kPartition, context.partition.value);
  row_.put(kOffset, message.offset.value);
  row_.end_row();
}

void SearchIssuesMessageProcessor::write_event(const Occurrence& o) {
  row_.put_as_is(kGroupIdColumn, o.event[kGroup]);
  if (o.group_first_seen) {
    row_.put_stamp(kGroupFirstSeenColumn, *o.group_first_seen);
  } else {
    row_.put(kGroupFirstSeenColumn, nullptr);
  }
  row_.put_as_is(kOrganizationColumn, o.event[kOrganization]);
  row_.put_as_is(kProjectColumn, o.event[kProject]);
  row_.put(kEventIdColumn, o.event_id);
  row_.put_as_is(kSearchTitle, o.occurrence[kTitle]);
  row_.put_as_is(kSubtitleColumn, o.occurrence[kSubtitle]);
  row_.put_as_is(kCulpritColumn, o.occurrence[kCulprit]);
  row_.put_as_is(kLevelColumn, o.occurrence[kLevel]);
  row_.put(kPrimaryHashColumn, o.primary_hash);
  row_.key(kFingerprintColumn);
  row_.first_as_is(*o.occurrence[kFingerprint], kMostFingerprints);
  row_.put_as_is(kResourceColumn, o.occurrence[kResource]);
  row_.put(kOccurrenceId, o.occurrence_id);
  row_.put_as_is(kOccurrenceType, o.occurrence[kType]);
  row_.put_stamp(kDetectionTimestamp, o.detection);
  row_.put_stamp(kReceiveTimestamp, o.received);
  row_.put_stamp(kClientTimestampColumn, o.client);
  row_.put_as_is(kPlatformColumn, o.event[kPlatform]);
  row_.put_text(kMessageColumn, o.event[kMessage]);
}

void SearchIssuesMessageProcessor::write_tags(const Occurrence& o) {
  const auto tag_or = [&](std::string_view name, const PythonValue* other) {
    const PythonValue* const tag = tags_.find(name);
    return tag != nullptr ? tag : other;
  };
  row_.begin_tag_names(kTagKeys, tags_);
  row_.end_array();
  row_.begin_tag_values(kTagValues, tags_);
  row_.end_array();
  row_.put_as_is(kReleaseColumn, tag_or("sentry:release", o.data[kRelease]));
  row_.put_as_is(kEnvironmentColumn, tag_or("environment", o.data[kEnvironment]));
  row_.put_as_is(kUserColumn, tags_.find("sentry:user"));
  row_.put_text(kDistColumn, tag_or("sentry:dist", o.data[kDist]));
}

void SearchIssuesMessageProcessor::write_parts(const Occurrence& o) {
  const PythonValue* const user = o.data[kUser];
  row_.put_text(kUserName, member(user, "username"));
  row_.put_text(kUserId, member(user, "id"));
  row_.put_text(kUserEmail, member(user, "email"));
  row_.put_ip(kIpV4, kIpV6, member(user, "ip_address"));
  row_.put_text(kHttpMethod, member(o.request, "method"));
  row_.put_text(kHttpReferer, headers_.find("Referer"));
  row_.put_text(kSdkName, member(o.sdk, "name"));
  row_.put_text(kSdkVersion, member(o.sdk, "version"));
}

}  // namespace freshet::processors

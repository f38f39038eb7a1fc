#include "processors/data_sets/transactions/transaction_reader.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "processors/python/python_invalid.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

enum InEvent { kEventId, kProjectId, kPlatform, kRelease, kRetentionDays, kGroupIds, kData };
constexpr Fields kEventFields(
    {{"event_id"}, {"project_id"}, {"platform"}, {"release"}, {"retention_days"}, {"group_ids"}, {"data"}});

enum InData {
  kType,
  kTimestamp,
  kStart,
  kReceived,
  kContexts,
  kTags,
  kTransaction,
  kTransactionInfo,
  kMeasurements,
  kBreakdowns,
  kSpans,
  kRequest,
  kHttp,
  kUser,
  kUserInterface,
  kSdk,
  kDist,
};
constexpr Fields kDataFields({{"type"},
                              {"timestamp"},
                              {"start_timestamp"},
                              {"received"},
                              {"contexts"},
                              {"tags"},
                              {"transaction"},
                              {"transaction_info"},
                              {"measurements"},
                              {"breakdowns"},
                              {"spans"},
                              {"request"},
                              {"sentry.interfaces.Http"},
                              {"user"},
                              {"sentry.interfaces.User"},
                              {"sdk"},
                              {"dist"}});

enum InTrace { kTraceId, kSpanId, kOp, kTraceStatus };
constexpr Fields kTraceFields({{"trace_id"}, {"span_id"}, {"op"}, {"status"}});

struct Status {
  std::string_view name;
  uint8_t number;
};
constexpr uint8_t kUnknownStatus = 2;
constexpr std::array<Status, 18> kStatuses = {{{"ok", 0},
                                               {"cancelled", 1},
                                               {"unknown", kUnknownStatus},
                                               {"invalid_argument", 3},
                                               {"deadline_exceeded", 4},
                                               {"not_found", 5},
                                               {"already_exists", 6},
                                               {"permission_denied", 7},
                                               {"resource_exhausted", 8},
                                               {"failed_precondition", 9},
                                               {"aborted", 10},
                                               {"out_of_range", 11},
                                               {"unimplemented", 12},
                                               {"internal_error", 13},
                                               {"unknown_error", 13},
                                               {"unavailable", 14},
                                               {"data_loss", 15},
                                               {"unauthenticated", 16}}};

bool is_version(const PythonValue& value) {
  if (!value.is_number()) return false;
  const double number = to_double(value);
  return number == 0 || number == 1 || number == 2;
}

// Keeps an object and sets a falsy value to null, where Snuba uses an empty object. False: any other value.
bool object_or_nothing(const PythonValue*& value) {
  if (is_none_or_falsy(value)) value = nullptr;
  return value == nullptr || value->is_object();
}

}  // namespace

struct TransactionReader::Parts {
  std::array<const PythonValue*, 7> event;
  std::array<const PythonValue*, 17> data;
  const PythonValue* trace;
  std::array<const PythonValue*, 4> in_trace;  // set after the trace is known to be an object
};

TransactionReader::Next TransactionReader::skip(const char* code) {
  code_ = code;
  return Next::Skip;
}

TransactionReader::Next TransactionReader::invalid(const char* what) {
  what_ = what;
  return Next::Invalid;
}

bool TransactionReader::fail(const char* what) {
  what_ = what;
  return false;
}

ProcessResult TransactionReader::read(std::string_view payload, uint64_t max_spans, Transaction& out) {
  const PythonValue* const root = json_.read(payload);
  if (root == nullptr) return invalid_json(json_);
  Parts parts;
  Next next = check_envelope(*root, parts);
  if (next == Next::Go) next = check_data(parts);
  if (next == Next::Go) next = check_age(parts, out);
  if (next == Next::Skip) return ProcessResult::skip(code_);
  const bool good = next == Next::Go && read_ids(parts, out) && read_texts(parts, out) && read_times(parts, out) &&
                    read_status(parts, out) && read_tags(parts, out) && read_numbers(parts, out) &&
                    out.spans.read(*parts.trace, parts.data[kSpans], max_spans, what_) && read_request(parts, out) &&
                    read_user_and_contexts(parts, out) && read_origin(parts, out);
  return good ? ProcessResult::rows(1) : invalid_value(what_);
}

// --- checks whether the message belongs in the table ----------------------------------------------------------------

TransactionReader::Next TransactionReader::check_envelope(const PythonValue& root, Parts& parts) {
  if (!root.is_array() || root.count() < 2) return skip("unknown_envelope");
  const PythonValue* const version = root.begin();
  if (!is_version(*version)) return skip("unknown_version");
  const PythonValue* const type = version->after();
  if (root.count() == 2) return invalid("the message has no event");
  if (!type->is_string("insert")) return skip("unknown_type");
  const PythonValue* const event = type->after();
  if (!event->is_object()) return invalid("the event is not an object");
  parts.event = members_of(*event, kEventFields);
  return Next::Go;
}

TransactionReader::Next TransactionReader::check_data(Parts& parts) {
  const PythonValue* const data = parts.event[kData];
  if (data == nullptr || !data->is_object()) return invalid("event.data is not an object");
  parts.data = members_of(*data, kDataFields);
  const PythonValue* const type = parts.data[kType];
  if (type == nullptr || !type->is_string("transaction")) return skip("no_transaction");
  const PythonValue* const contexts = parts.data[kContexts];
  if (contexts == nullptr) return skip("no_trace");
  if (!contexts->is_object()) return invalid("data.contexts is not an object");
  parts.trace = member(contexts, "trace");
  return is_none_or_falsy(parts.trace) ? skip("no_trace") : Next::Go;
}

TransactionReader::Next TransactionReader::check_age(Parts& parts, Transaction& out) {
  const PythonValue* const timestamp = parts.data[kTimestamp];
  const auto finish = timestamp == nullptr ? std::nullopt : instant_of(*timestamp);
  if (!finish) return invalid("data.timestamp is not a time");
  out.finish = *finish;
  out.retention = retention_of(parts.event[kRetentionDays], std::nullopt, *finish, settings_, values_);
  if (out.retention.age == Retention::Age::TooOld) return skip("too_old");
  if (out.retention.age == Retention::Age::NotComputable) return invalid("event.retention_days is out of range");
  if (!parts.trace->is_object()) return invalid("data.contexts.trace is not an object");
  parts.in_trace = members_of(*parts.trace, kTraceFields);
  return Next::Go;
}

// --- the values of its row ------------------------------------------------------------------------------------------

bool TransactionReader::read_ids(const Parts& parts, Transaction& out) {
  const PythonValue* const event_id = parts.event[kEventId];
  const PythonValue* const trace_id = parts.in_trace[kTraceId];
  const PythonValue* const span_id = parts.in_trace[kSpanId];
  const auto uuid = [](const PythonValue* value) {
    return value != nullptr && value->is_string() ? parse_python_uuid(value->view()) : std::nullopt;
  };
  const auto event = uuid(event_id);
  if (!event) return fail("event.event_id is not a UUID");
  const auto trace = uuid(trace_id);
  if (!trace) return fail("data.contexts.trace.trace_id is not a UUID");
  auto span = span_id != nullptr && span_id->is_string() ? HexInteger::parse(span_id->view()) : std::nullopt;
  if (!span) return fail("data.contexts.trace.span_id is not a hexadecimal number");
  out.event_id = *event;
  out.trace_id = *trace;
  out.span_id = *std::move(span);
  out.project_id = parts.event[kProjectId];
  const bool good = out.project_id != nullptr && !out.project_id->is_container();
  return good || fail("event.project_id is missing, or an array or object");
}

bool TransactionReader::read_texts(const Parts& parts, Transaction& out) {
  const PythonValue* info = parts.data[kTransactionInfo];
  if (!object_or_nothing(info)) return fail("data.transaction_info is not an object");
  out.op = parts.in_trace[kOp];
  out.name = parts.data[kTransaction];
  out.source = member(info, "source");
  out.platform = parts.event[kPlatform];
  if (out.platform == nullptr) return fail("event.platform is missing");
  out.group_ids = is_none_or_falsy(parts.event[kGroupIds]) ? nullptr : parts.event[kGroupIds];
  const bool good = out.group_ids == nullptr || out.group_ids->is_array() || out.group_ids->is_string();
  return good || fail("event.group_ids is not an array");
}

bool TransactionReader::read_times(const Parts& parts, Transaction& out) {
  const PythonValue* const timestamp = parts.data[kStart];
  const auto start = timestamp == nullptr ? std::nullopt : instant_of(*timestamp);
  if (!start) return fail("data.start_timestamp is not a time");
  out.start = is_in_window(*start) ? *start : values_.now_us();
  if (!is_in_window(out.finish)) out.finish = values_.now_us();
  out.duration_ms = std::max<int64_t>(0, milliseconds_of(out.finish - out.start));
  out.ends_before_start = compare_numbers(*parts.data[kTimestamp], *timestamp) < 0;
  return true;
}

bool TransactionReader::read_status(const Parts& parts, Transaction& out) {
  out.status = kUnknownStatus;
  const PythonValue* const status = parts.in_trace[kTraceStatus];
  if (is_none_or_falsy(status)) return true;
  if (status->is_container()) return fail("data.contexts.trace.status is an array or object");
  if (!status->is_string()) return true;
  const auto* const found =
      std::find_if(kStatuses.begin(), kStatuses.end(), [&](const Status& one) { return one.name == status->view(); });
  if (found != kStatuses.end()) out.status = found->number;
  return true;
}

bool TransactionReader::read_tags(const Parts& parts, Transaction& out) {
  if (!out.tags.read(parts.data[kTags])) return fail("data.tags is not a list of pairs");
  if (!out.tags.sort()) return fail("data.tags mixes names that are text with numbers");
  const PythonValue* const release = out.tags.find("sentry:release");
  out.release = release != nullptr ? release : parts.event[kRelease];
  out.environment = out.tags.find("environment");
  out.user_tag = out.tags.find("sentry:user");
  const PythonValue* const dist = out.tags.find("sentry:dist");
  out.dist = dist != nullptr ? dist : parts.data[kDist];
  out.replay_id.reset();
  const PythonValue* const replay = out.tags.find("replayId");
  if (is_none_or_falsy(replay)) return true;
  if (!replay->is_string()) return fail("the tag replayId is not text");
  out.replay_id = parse_python_uuid(replay->view());
  return true;
}

bool TransactionReader::read_numbers(const Parts& parts, Transaction& out) {
  const bool measured = read_values(parts.data[kMeasurements], out.measurements);
  const PythonValue* const breakdowns = parts.data[kBreakdowns];
  if (!is_none(breakdowns) && !breakdowns->is_object()) return fail("data.breakdowns is not an object");
  const bool broken_down = read_values(member(breakdowns, "span_ops"), out.breakdowns);
  out.values_left_out = !measured || !broken_down;
  return true;
}

// False: the values are invalid, but the rest of the message is valid.
bool TransactionReader::read_values(const PythonValue* object, TransactionValues& out) {
  out.present = false;
  if (is_none(object)) return true;
  if (!object->is_object()) return false;
  unique_members(*object, out.members);
  std::sort(out.members.begin(), out.members.end(),
            [](const PythonMember& a, const PythonMember& b) { return a.key->view() < b.key->view(); });
  out.numbers.clear();
  size_t kept = 0;
  for (const PythonMember& one : out.members) {
    if (one.value->is_null()) continue;
    if (!one.value->is_object()) return false;
    const PythonValue* const value = member(one.value, "value");
    if (value == nullptr || !value->is_number()) continue;
    const double number = to_double(*value);
    if (value->kind() == PythonValue::Kind::Integer && std::isinf(number)) return false;
    out.numbers.push_back(number);
    out.members[kept++] = one;
  }
  out.members.resize(kept);
  out.present = true;
  return true;
}

bool TransactionReader::read_request(const Parts& parts, Transaction& out) {
  const PythonValue* request = parts.data[kRequest] != nullptr ? parts.data[kRequest] : parts.data[kHttp];
  if (!object_or_nothing(request)) return fail("data.request is not an object");
  out.http_method = member(request, "method");
  if (!headers_.read(member(request, "headers"))) return fail("data.request.headers is not a list of pairs");
  out.http_referer = headers_.find("Referer");
  const PythonValue* sdk = parts.data[kSdk];
  if (!object_or_nothing(sdk)) return fail("data.sdk is not an object");
  out.sdk_name = member(sdk, "name");
  out.sdk_version = member(sdk, "version");
  return true;
}

bool TransactionReader::read_user_and_contexts(const Parts& parts, Transaction& out) {
  out.user = parts.data[kUser] != nullptr ? parts.data[kUser] : parts.data[kUserInterface];
  if (!object_or_nothing(out.user)) return fail("data.user is not an object");
  const PythonValue* const geo = member(out.user, "geo");
  const PythonValue& contexts = *parts.data[kContexts];
  if (!out.contexts.read(contexts, is_none_or_falsy(geo) ? nullptr : geo, contexts_not_stored(*out.project_id),
                         json_.depth(), what_)) {
    return false;
  }
  out.replay_is_no_tag = false;
  if (!out.contexts.replay_id()) return true;
  out.replay_id = out.contexts.replay_id();
  const PythonValue* const tag = out.tags.find("replayId");
  out.replay_is_no_tag = tag == nullptr || !is_tag_value(*tag);
  return true;
}

const std::set<std::string>* TransactionReader::contexts_not_stored(const PythonValue& project) const {
  const auto& by_project = settings_.python_rules.contexts_not_stored;
  if (by_project.empty() || !project.is_number()) return nullptr;
  const double number = to_double(project);
  const auto id = integer_of(project);
  if (!id || *id < 0 || static_cast<double>(*id) != number) return nullptr;
  const auto found = by_project.find(static_cast<uint64_t>(*id));
  return found == by_project.end() ? nullptr : &found->second;
}

bool TransactionReader::read_origin(const Parts& parts, Transaction& out) {
  out.origin_timestamp_ms = kNoTimestamp;
  const PythonValue* const received = parts.data[kReceived];
  if (received == nullptr) return true;
  const auto seconds = integer_of(*received);
  if (!seconds) return fail("data.received is not a number");
  if (*seconds >= 0 && *seconds <= UINT32_MAX) out.origin_timestamp_ms = *seconds * 1000;
  return true;
}

}  // namespace freshet::processors

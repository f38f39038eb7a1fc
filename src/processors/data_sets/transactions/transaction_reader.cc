#include "processors/data_sets/transactions/transaction_reader.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "processors/python/python_fields.h"
#include "processors/python/python_invalid.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

using In = TransactionFields;

constexpr auto kEvent = describe<In>(field<&In::event_id>("event_id"), field<&In::project_id>("project_id"),
                                     field<&In::platform>("platform"), field<&In::release>("release"),
                                     field<&In::retention_days>("retention_days"), field<&In::group_ids>("group_ids"),
                                     field<&In::data>("data"));
constexpr auto kData = describe<In>(
    field<&In::type>("type"), field<&In::timestamp>("timestamp"), field<&In::start_timestamp>("start_timestamp"),
    field<&In::received>("received"), field<&In::contexts>("contexts"), field<&In::tags>("tags"),
    field<&In::transaction>("transaction"), field<&In::transaction_info>("transaction_info"),
    field<&In::measurements>("measurements"), field<&In::breakdowns>("breakdowns"), field<&In::spans>("spans"),
    field<&In::request>("request"), field<&In::http>("sentry.interfaces.Http"), field<&In::user>("user"),
    field<&In::user_interface>("sentry.interfaces.User"), field<&In::sdk>("sdk"), field<&In::dist>("dist"));
constexpr auto kTrace = describe<In>(field<&In::trace_id>("trace_id"), field<&In::span_id>("span_id"),
                                     field<&In::op>("op"), field<&In::status>("status"));
constexpr auto kInfo = describe<In>(field<&In::source>("source"));
constexpr auto kRequest = describe<In>(field<&In::http_method>("method"), field<&In::http_headers>("headers"));
constexpr auto kSdk = describe<In>(field<&In::sdk_name>("name"), field<&In::sdk_version>("version"));
constexpr auto kUser =
    describe<In>(field<&In::user_name>("username"), field<&In::user_id>("id"), field<&In::user_email>("email"),
                 field<&In::user_ip>("ip_address"), field<&In::user_geo>("geo"));

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

// The members of an object; none of a falsy value, where Snuba uses an empty object. False: any other value.
template <const auto& kDescription>
bool pick_object(const PythonValue* value, In& in) {
  if (is_none_or_falsy(value)) return true;
  pick<kDescription>(value, in);
  return value->is_object();
}

const PythonValue* empty_text() {
  static const PythonString text(JsonString{"", true});
  return &text;
}

const PythonValue* replay_tag_name() {
  static const PythonString name(JsonString{"replayId", true});
  return &name;
}

}  // namespace

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
  out.in = {};
  Next next = check_envelope(*root, out);
  if (next == Next::Go) next = check_data(out);
  if (next == Next::Go) next = check_age(out);
  if (next == Next::Skip) return ProcessResult::skip(code_);
  const bool good = next == Next::Go && read_ids(out) && read_texts(out) && read_times(out) && read_status(out) &&
                    read_tags(out) && read_numbers(out) &&
                    out.spans.read(*out.in.trace, out.in.spans, max_spans, what_) && read_request(out) &&
                    read_user_and_contexts(out) && read_origin(out);
  return good ? ProcessResult::rows(1) : invalid_value(what_);
}

// --- checks whether the message belongs in the table ----------------------------------------------------------------

TransactionReader::Next TransactionReader::check_envelope(const PythonValue& root, Transaction& out) {
  if (!root.is_array() || root.count() < 2) return skip("unknown_envelope");
  const PythonValue* const version = root.begin();
  if (!is_version(*version)) return skip("unknown_version");
  const PythonValue* const type = version->after();
  if (root.count() == 2) return invalid("the message has no event");
  if (!type->is_string("insert")) return skip("unknown_type");
  const PythonValue* const event = type->after();
  if (!event->is_object()) return invalid("the event is not an object");
  pick<kEvent>(event, out.in);
  return Next::Go;
}

TransactionReader::Next TransactionReader::check_data(Transaction& out) {
  const PythonValue* const data = out.in.data;
  if (data == nullptr || !data->is_object()) return invalid("event.data is not an object");
  pick<kData>(data, out.in);
  const PythonValue* const type = out.in.type;
  if (type == nullptr || !type->is_string("transaction")) return skip("no_transaction");
  const PythonValue* const contexts = out.in.contexts;
  if (contexts == nullptr) return skip("no_trace");
  if (!contexts->is_object()) return invalid("data.contexts is not an object");
  out.in.trace = member(contexts, "trace");
  return is_none_or_falsy(out.in.trace) ? skip("no_trace") : Next::Go;
}

TransactionReader::Next TransactionReader::check_age(Transaction& out) {
  const PythonValue* const timestamp = out.in.timestamp;
  const auto finish = timestamp == nullptr ? std::nullopt : instant_of(*timestamp);
  if (!finish) return invalid("data.timestamp is not a time");
  out.finish = *finish;
  out.retention = retention_of(out.in.retention_days, std::nullopt, *finish, settings_, values_);
  if (out.retention.age == Retention::Age::TooOld) return skip("too_old");
  if (out.retention.age == Retention::Age::NotComputable) return invalid("event.retention_days is out of range");
  if (!out.in.trace->is_object()) return invalid("data.contexts.trace is not an object");
  pick<kTrace>(out.in.trace, out.in);
  return Next::Go;
}

// --- the values of its row ------------------------------------------------------------------------------------------

bool TransactionReader::read_ids(Transaction& out) {
  const PythonValue* const span_id = out.in.span_id;
  const auto uuid = [](const PythonValue* value) {
    return value != nullptr && value->is_string() ? parse_python_uuid(value->view()) : std::nullopt;
  };
  const auto event = uuid(out.in.event_id);
  if (!event) return fail("event.event_id is not a UUID");
  const auto trace = uuid(out.in.trace_id);
  if (!trace) return fail("data.contexts.trace.trace_id is not a UUID");
  auto span = span_id != nullptr && span_id->is_string() ? HexInteger::parse(span_id->view()) : std::nullopt;
  if (!span) return fail("data.contexts.trace.span_id is not a hexadecimal number");
  out.event_id = *event;
  out.trace_id = *trace;
  out.span_id = *std::move(span);
  const bool good = out.in.project_id != nullptr && !out.in.project_id->is_container();
  return good || fail("event.project_id is missing, or an array or object");
}

bool TransactionReader::read_texts(Transaction& out) {
  if (!pick_object<kInfo>(out.in.transaction_info, out.in)) return fail("data.transaction_info is not an object");
  if (out.in.platform == nullptr) return fail("event.platform is missing");
  out.group_ids = is_none_or_falsy(out.in.group_ids) ? nullptr : out.in.group_ids;
  const bool good = out.group_ids == nullptr || out.group_ids->is_array() || out.group_ids->is_string();
  return good || fail("event.group_ids is not an array");
}

bool TransactionReader::read_times(Transaction& out) {
  const PythonValue* const timestamp = out.in.start_timestamp;
  const auto start = timestamp == nullptr ? std::nullopt : instant_of(*timestamp);
  if (!start) return fail("data.start_timestamp is not a time");
  out.start = is_in_window(*start) ? *start : values_.now_us();
  if (!is_in_window(out.finish)) out.finish = values_.now_us();
  out.duration_ms = std::max<int64_t>(0, milliseconds_of(out.finish - out.start));
  out.ends_before_start = compare_numbers(*out.in.timestamp, *timestamp) < 0;
  return true;
}

bool TransactionReader::read_status(Transaction& out) {
  out.status = kUnknownStatus;
  const PythonValue* const status = out.in.status;
  if (is_none_or_falsy(status)) return true;
  if (status->is_container()) return fail("data.contexts.trace.status is an array or object");
  if (!status->is_string()) return true;
  const auto* const found =
      std::find_if(kStatuses.begin(), kStatuses.end(), [&](const Status& one) { return one.name == status->view(); });
  if (found != kStatuses.end()) out.status = found->number;
  return true;
}

bool TransactionReader::read_tags(Transaction& out) {
  if (!out.tags.read(out.in.tags)) return fail("data.tags is not a list of pairs");
  if (!out.tags.sort()) return fail("data.tags mixes names that are text with numbers");
  const PythonValue* const release = out.tags.find("sentry:release");
  out.release = release != nullptr ? release : out.in.release;
  out.environment = out.tags.find("environment");
  const PythonValue* const user = out.tags.find("sentry:user");
  out.user_tag = user != nullptr ? user : empty_text();
  const PythonValue* const dist = out.tags.find("sentry:dist");
  out.dist = dist != nullptr ? dist : out.in.dist;
  out.replay_id.reset();
  const PythonValue* const replay = out.tags.find("replayId");
  if (is_none_or_falsy(replay)) return true;
  if (!replay->is_string()) return fail("the tag replayId is not text");
  out.replay_id = parse_python_uuid(replay->view());
  return true;
}

bool TransactionReader::read_numbers(Transaction& out) {
  const bool measured = read_values(out.in.measurements, out.measurements);
  const PythonValue* const breakdowns = out.in.breakdowns;
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
  unique_members(*object, members_);
  std::sort(members_.begin(), members_.end(),
            [](const PythonMember& a, const PythonMember& b) { return a.key->view() < b.key->view(); });
  out.list.clear();
  for (const PythonMember& one : members_) {
    if (one.value->is_null()) continue;
    if (!one.value->is_object()) return false;
    const PythonValue* const value = member(one.value, "value");
    if (value == nullptr || !value->is_number()) continue;
    const double number = to_double(*value);
    if (value->kind() == PythonValue::Kind::Integer && std::isinf(number)) return false;
    out.list.push_back({one.key, number});
  }
  out.present = true;
  return true;
}

bool TransactionReader::read_request(Transaction& out) {
  const PythonValue* const request = out.in.request != nullptr ? out.in.request : out.in.http;
  if (!pick_object<kRequest>(request, out.in)) return fail("data.request is not an object");
  if (!headers_.read(out.in.http_headers)) return fail("data.request.headers is not a list of pairs");
  out.http_referer = headers_.find("Referer");
  return pick_object<kSdk>(out.in.sdk, out.in) || fail("data.sdk is not an object");
}

bool TransactionReader::read_user_and_contexts(Transaction& out) {
  const PythonValue* const user = out.in.user != nullptr ? out.in.user : out.in.user_interface;
  if (!pick_object<kUser>(user, out.in)) return fail("data.user is not an object");
  const PythonValue* const ip = out.in.user_ip;
  out.ip = ip != nullptr && ip->is_string() ? parse_python_ip(ip->view()) : std::nullopt;
  const PythonValue* const geo = is_none_or_falsy(out.in.user_geo) ? nullptr : out.in.user_geo;
  if (!out.contexts.read(*out.in.contexts, geo, contexts_not_stored(*out.in.project_id), json_.depth(), what_)) {
    return false;
  }
  if (out.contexts.replay_id) out.replay_id = out.contexts.replay_id;
  add_tag_cells(out);
  return true;
}

// A replay from the contexts becomes a tag unless there is one.
void TransactionReader::add_tag_cells(Transaction& out) const {
  out.cells.clear();
  for (const PythonPairs::Pair& tag : out.tags.pairs()) {
    if (is_tag_value(*tag.value)) out.cells.push_back({tag.key, tag.value});
  }
  const PythonValue* const tag = out.tags.find("replayId");
  if (!out.contexts.replay_id || (tag != nullptr && is_tag_value(*tag))) return;
  out.replay_id->write_simple(out.replay_text.data());
  out.replay_tag = PythonString(JsonString{{out.replay_text.data(), out.replay_text.size()}, true});
  out.cells.push_back({replay_tag_name(), &out.replay_tag});
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

bool TransactionReader::read_origin(Transaction& out) {
  out.origin_timestamp_ms = kNoTimestamp;
  const PythonValue* const received = out.in.received;
  if (received == nullptr) return true;
  const auto seconds = integer_of(*received);
  if (!seconds) return fail("data.received is not a number");
  if (*seconds >= 0 && *seconds <= UINT32_MAX) out.origin_timestamp_ms = *seconds * 1000;
  return true;
}

}  // namespace freshet::processors

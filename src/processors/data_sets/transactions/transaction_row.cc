#include "processors/data_sets/transactions/transaction_row.h"

#include <array>

#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

constexpr uint32_t kMostGroupIds = 10;
constexpr std::string_view kReplayTag = "replayId";

constexpr Column kDeleted("deleted");
constexpr Column kRetentionDays("retention_days");
constexpr Column kEventId("event_id");
constexpr Column kProjectId("project_id");
constexpr Column kTraceId("trace_id");
constexpr Column kSpanId("span_id");
constexpr Column kOp("transaction_op");
constexpr Column kName("transaction_name");
constexpr Column kSource("transaction_source");
constexpr Column kStartTs("start_ts");
constexpr Column kStartMs("start_ms");
constexpr Column kStatus("transaction_status");
constexpr Column kFinishTs("finish_ts");
constexpr Column kFinishMs("finish_ms");
constexpr Column kDuration("duration");
constexpr Column kPlatform("platform");
constexpr Column kGroupIds("group_ids");
constexpr Column kTagKeys("tags.key");
constexpr Column kTagValues("tags.value");
constexpr Column kRelease("release");
constexpr Column kEnvironment("environment");
constexpr Column kUser("user");
constexpr Column kReplayId("replay_id");
constexpr Column kDist("dist");
constexpr Column kMeasurementKeys("measurements.key");
constexpr Column kMeasurementValues("measurements.value");
constexpr Column kBreakdownKeys("span_op_breakdowns.key");
constexpr Column kBreakdownValues("span_op_breakdowns.value");
constexpr Column kSpanOps("spans.op");
constexpr Column kSpanGroups("spans.group");
constexpr Column kSpanTimes("spans.exclusive_time");
constexpr Column kSpanTimes32("spans.exclusive_time_32");
constexpr Column kHttpMethod("http_method");
constexpr Column kHttpReferer("http_referer");
constexpr Column kSdkName("sdk_name");
constexpr Column kSdkVersion("sdk_version");
constexpr Column kPartition("partition");
constexpr Column kOffset("offset");
constexpr Column kAppStartType("app_start_type");
constexpr Column kProfileId("profile_id");
constexpr Column kProfilerId("profiler_id");
constexpr Column kContextKeys("contexts.key");
constexpr Column kContextValues("contexts.value");
constexpr Column kUserName("user_name");
constexpr Column kUserId("user_id");
constexpr Column kUserEmail("user_email");
constexpr Column kIpV4("ip_address_v4");
constexpr Column kIpV6("ip_address_v6");

// Text; a falsy value becomes empty text.
void put_text_or_empty(const Column& column, const PythonValue* value, PythonRow& row) {
  if (is_none_or_falsy(value)) {
    row.put(column, JsonString{"", true});
  } else {
    row.put_text(column, value);
  }
}

void put_integer(const HexInteger& value, PythonRow& row) {
  if (value.fits_u64()) return row.value(value.u64());
  std::string digits;
  row.raw(value.digits(digits));
}

void put_group_ids(const PythonValue* ids, PythonRow& row) {
  row.key(kGroupIds);
  if (ids != nullptr) return row.first_as_is(*ids, kMostGroupIds);
  row.begin_array();
  row.end_array();
}

void put_event(const Transaction& t, PythonRow& row) {
  row.put(kDeleted, uint8_t{0});
  row.put_retention(kRetentionDays, t.retention);
  row.put(kEventId, t.event_id);
  row.put_as_is(kProjectId, t.project_id);
  row.put(kTraceId, t.trace_id);
  row.key(kSpanId);
  put_integer(t.span_id, row);
  put_text_or_empty(kOp, t.op, row);
  put_text_or_empty(kName, t.name, row);
  put_text_or_empty(kSource, t.source, row);
  row.put_stamp(kStartTs, t.start);
  row.put(kStartMs, milliseconds_within_second(t.start));
  row.put(kStatus, t.status);
  row.put_stamp(kFinishTs, t.finish);
  row.put(kFinishMs, milliseconds_within_second(t.finish));
  row.put(kDuration, t.duration_ms);
  row.put_text(kPlatform, t.platform);
  put_group_ids(t.group_ids, row);
}

void put_tags(const Transaction& t, PythonRow& row) {
  row.begin_tag_names(kTagKeys, t.tags);
  if (t.replay_is_no_tag) row.value(JsonString{kReplayTag, true});
  row.end_array();
  row.begin_tag_values(kTagValues, t.tags);
  if (t.replay_is_no_tag) {
    std::array<char, 32> text;
    t.replay_id->write_simple(text.data());
    row.value(JsonString{{text.data(), text.size()}, true});
  }
  row.end_array();
  row.put_as_is(kRelease, t.release);
  row.put_as_is(kEnvironment, t.environment);
  if (t.user_tag != nullptr) {
    row.put_as_is(kUser, t.user_tag);
  } else {
    row.put(kUser, JsonString{"", true});
  }
  if (t.replay_id) row.put(kReplayId, *t.replay_id);
  row.put_text(kDist, t.dist);
}

void put_values(const Column& keys, const Column& numbers, const TransactionValues& values, PythonRow& row) {
  if (!values.present) return;
  row.key(keys);
  row.begin_array();
  for (const PythonMember& one : values.members) row.as_is(one.key);
  row.end_array();
  row.key(numbers);
  row.begin_array();
  for (const double number : values.numbers) row.put_float(number);
  row.end_array();
}

void put_spans(const TransactionSpans& spans, PythonRow& row) {
  const auto array = [&](const Column& column, auto put) {
    row.key(column);
    row.begin_array();
    for (const auto& one : spans.records()) put(one);
    row.end_array();
  };
  using Record = TransactionSpans::Record;
  array(kSpanOps, [&](const Record& one) { row.as_is(one.op); });
  array(kSpanGroups, [&](const Record& one) { put_integer(one.group, row); });
  array(kSpanTimes, [&](const Record&) { row.value(uint8_t{0}); });
  array(kSpanTimes32, [&](const Record& one) { row.as_is(one.time); });
}

void put_contexts(const TransactionContexts& contexts, PythonRow& row) {
  if (!is_none(contexts.app_start_type())) row.put_as_is(kAppStartType, contexts.app_start_type());
  if (contexts.profile_id()) row.put(kProfileId, *contexts.profile_id());
  if (contexts.profiler_id()) row.put(kProfilerId, *contexts.profiler_id());
  row.put_contexts(kContextKeys, kContextValues, contexts.entries());
}

void put_user(const PythonValue* user, PythonRow& row) {
  row.put_text(kUserName, member(user, "username"));
  row.put_text(kUserId, member(user, "id"));
  row.put_text(kUserEmail, member(user, "email"));
  row.put_ip(kIpV4, kIpV6, member(user, "ip_address"));
}

}  // namespace

void write_transaction(const Transaction& t, const MessageContext& context, const Message& message, PythonRow& row) {
  row.begin_row();
  put_event(t, row);
  put_tags(t, row);
  put_values(kMeasurementKeys, kMeasurementValues, t.measurements, row);
  put_values(kBreakdownKeys, kBreakdownValues, t.breakdowns, row);
  put_spans(t.spans, row);
  row.put_text(kHttpMethod, t.http_method);
  row.put_text(kHttpReferer, t.http_referer);
  put_text_or_empty(kSdkName, t.sdk_name, row);
  put_text_or_empty(kSdkVersion, t.sdk_version, row);
  row.put(kPartition, context.partition.value);
  row.put(kOffset, message.offset.value);
  put_contexts(t.contexts, row);
  put_user(t.user, row);
  row.end_row();
}

}  // namespace freshet::processors

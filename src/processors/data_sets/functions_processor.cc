#include "processors/data_sets/functions_processor.h"

#include "processors/json/struct_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

enum In {
  kEnvironment,
  kFunctions,
  kPlatform,
  kProfileId,
  kProjectId,
  kReceived,
  kRelease,
  kRetentionDays,
  kTimestamp,
  kStart,
  kEnd,
  kTransactionName,
  kProfilingType,
  kMaterializationVersion,
};
constexpr Fields kFields({{"environment", Need::Defaulted},
                          {"functions", Need::Required},
                          {"platform", Need::Required},
                          {"profile_id", Need::Required},
                          {"project_id", Need::Required},
                          {"received", Need::Required},
                          {"release", Need::Defaulted},
                          {"retention_days", Need::Required},
                          {"timestamp", Need::Required},
                          {"start_timestamp", Need::Defaulted},
                          {"end_timestamp", Need::Defaulted},
                          {"transaction_name", Need::Required},
                          {"profiling_type", Need::Defaulted},
                          {"materialization_version", Need::Defaulted}});

enum InFunction { kFingerprint, kName, kInApp, kPackage, kSelfTimes, kThreadId };
constexpr Fields kFunctionFields({{"fingerprint", Need::Required},
                                  {"function", Need::Required},
                                  {"in_app", Need::Required},
                                  {"package", Need::Required},
                                  {"self_times_ns", Need::Required},
                                  {"thread_id", Need::Defaulted}});

constexpr Column kDurationsColumn("durations");
constexpr Column kEnvironmentColumn("environment");
constexpr Column kFingerprintColumn("fingerprint");
constexpr Column kIsApplicationColumn("is_application");
constexpr Column kMaterializationVersionColumn("materialization_version");
constexpr Column kNameColumn("name");
constexpr Column kPackageColumn("package");
constexpr Column kPlatformColumn("platform");
constexpr Column kProfileIdColumn("profile_id");
constexpr Column kProjectIdColumn("project_id");
constexpr Column kReleaseColumn("release");
constexpr Column kRetentionDaysColumn("retention_days");
constexpr Column kTimestampColumn("timestamp");
constexpr Column kStartTimestampColumn("start_timestamp");
constexpr Column kEndTimestampColumn("end_timestamp");
constexpr Column kTransactionNameColumn("transaction_name");
constexpr Column kThreadIdColumn("thread_id");
constexpr Column kProfilingTypeColumn("profiling_type");
// Columns that Snuba writes with the same value in every row.
constexpr std::string_view kConstants =
    R"("browser_name":"","depth":0,"device_classification":0,"dist":"","os_name":"","os_version":"",)"
    R"("parent_fingerprint":0,"path":"","transaction_op":"","transaction_status":0)";

}  // namespace

struct FunctionsMessageProcessor::Profile {
  std::optional<JsonString> environment;
  JsonString platform;
  Uuid profile_id;
  uint64_t project_id = 0;
  int64_t received = 0;  // seconds
  std::optional<JsonString> release;
  uint32_t retention_days = 0;
  uint64_t timestamp = 0;  // seconds
  std::optional<double> start;
  std::optional<double> end;
  JsonString transaction_name;
  std::optional<JsonString> profiling_type;
  std::optional<uint8_t> materialization_version;
};

FunctionsMessageProcessor::FunctionsMessageProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment&)
    : row_(tick_form(settings)) {}

ProcessResult FunctionsMessageProcessor::process(const MessageContext&, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  json_.open(message);
  functions_.clear();
  durations_.clear();
  Profile profile;
  if (!read(profile)) return invalid_message(json_);
  row_.clear();
  write(profile);
  row_.move_to(rows);
  ProcessResult result = ProcessResult::rows(static_cast<uint32_t>(functions_.size()));
  result.origin_timestamp_ms = origin_from_seconds(profile.received);
  return result;
}

bool FunctionsMessageProcessor::read(Profile& out) {
  StructReader fields(json_, kFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_field(field, out)) return false;
  }
  return fields.complete() && json_.finish();
}

bool FunctionsMessageProcessor::read_field(int field, Profile& out) {
  switch (field) {
    case kEnvironment:
      return read_optional(json_, out.environment);
    case kFunctions:
      return read_functions();
    case kPlatform:
      return json_.read_string(out.platform);
    case kProfileId:
      return read_value(json_, out.profile_id);
    case kProjectId:
      return json_.read_u64(out.project_id);
    case kReceived:
      return json_.read_i64(out.received);
    case kRelease:
      return read_optional(json_, out.release);
    case kRetentionDays:
      return json_.read_unsigned(out.retention_days);
    case kTimestamp:
      return json_.read_u64(out.timestamp);
    case kStart:
      return read_optional_to_truncate(json_, out.start);
    case kEnd:
      return read_optional_to_truncate(json_, out.end);
    case kTransactionName:
      return json_.read_string(out.transaction_name);
    case kProfilingType:
      return read_optional(json_, out.profiling_type);
    case kMaterializationVersion:
      return read_optional(json_, out.materialization_version);
    default:
      return false;
  }
}

bool FunctionsMessageProcessor::read_functions() {
  for (json_.enter_array(); json_.next_element();) {
    functions_.emplace_back();
    if (!read_function()) return false;
  }
  return !json_.failed();
}

bool FunctionsMessageProcessor::read_function() {
  StructReader fields(json_, kFunctionFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_function_field(field)) return false;
  }
  return fields.complete();
}

bool FunctionsMessageProcessor::read_function_field(int field) {
  Function& out = functions_.back();
  switch (field) {
    case kFingerprint:
      return json_.read_u64(out.fingerprint);
    case kName:
      return json_.read_string(out.name);
    case kInApp:
      return json_.read_bool(out.in_app);
    case kPackage:
      return json_.read_string(out.package);
    case kSelfTimes:
      return read_durations();
    case kThreadId:
      return read_optional(json_, out.thread_id);
    default:
      return false;
  }
}

bool FunctionsMessageProcessor::read_durations() {
  functions_.back().durations_begin = durations_.size();
  for (json_.enter_array(); json_.next_element();) {
    if (!json_.read_u64(durations_.emplace_back())) return false;
  }
  functions_.back().durations_end = durations_.size();
  return !json_.failed();
}

void FunctionsMessageProcessor::write(const Profile& p) {
  const auto put_time = [&](const Column& column, const std::optional<double>& seconds) {
    if (seconds) {
      row_.put_ticks(column, microseconds(*seconds), 6);
    } else {
      row_.put(column, nullptr);
    }
  };
  for (const Function& f : functions_) {
    row_.begin_row();
    row_.key(kDurationsColumn);
    row_.begin_array();
    for (size_t i = f.durations_begin; i < f.durations_end; ++i) row_.value(durations_[i]);
    row_.end_array();
    row_.put(kEnvironmentColumn, p.environment);
    row_.put(kFingerprintColumn, f.fingerprint);
    row_.put(kIsApplicationColumn, uint8_t{f.in_app});
    row_.put(kMaterializationVersionColumn, p.materialization_version.value_or(0));
    row_.put(kNameColumn, f.name);
    row_.put(kPackageColumn, f.package);
    row_.put(kPlatformColumn, p.platform);
    row_.put(kProfileIdColumn, p.profile_id);
    row_.put(kProjectIdColumn, p.project_id);
    row_.put(kReleaseColumn, p.release);
    row_.put(kRetentionDaysColumn, p.retention_days);
    row_.put(kTimestampColumn, p.timestamp);
    put_time(kStartTimestampColumn, p.start);
    put_time(kEndTimestampColumn, p.end);
    row_.put(kTransactionNameColumn, p.transaction_name);
    row_.put(kThreadIdColumn, f.thread_id.value_or(JsonString()));
    row_.put(kProfilingTypeColumn, p.profiling_type);
    row_.raw(kConstants);
    row_.end_row();
  }
}

}  // namespace freshet::processors

#include "processors/data_sets/profiles_processor.h"

#include "processors/json/struct_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

// In the positional order of the message, which is also that of the row.
enum In {
  kAndroidApiLevel,
  kArchitecture,
  kDeviceClassification,
  kDeviceLocale,
  kDeviceManufacturer,
  kDeviceModel,
  kDeviceOsBuildNumber,
  kDeviceOsName,
  kDeviceOsVersion,
  kDurationNs,
  kEnvironment,
  kOrganizationId,
  kPlatform,
  kProfileId,
  kProjectId,
  kReceived,
  kRetentionDays,
  kTraceId,
  kTransactionId,
  kTransactionName,
  kVersionCode,
  kVersionName,
};
constexpr Fields kFields({{"android_api_level", Need::Defaulted},
                          {"architecture", Need::Defaulted},
                          {"device_classification", Need::Defaulted},
                          {"device_locale", Need::Required},
                          {"device_manufacturer", Need::Required},
                          {"device_model", Need::Required},
                          {"device_os_build_number", Need::Defaulted},
                          {"device_os_name", Need::Required},
                          {"device_os_version", Need::Required},
                          {"duration_ns", Need::Required},
                          {"environment", Need::Defaulted},
                          {"organization_id", Need::Required},
                          {"platform", Need::Required},
                          {"profile_id", Need::Required},
                          {"project_id", Need::Required},
                          {"received", Need::Required},
                          {"retention_days"},
                          {"trace_id", Need::Required},
                          {"transaction_id", Need::Required},
                          {"transaction_name", Need::Required},
                          {"version_code", Need::Required},
                          {"version_name", Need::Required}});

constexpr Column kAndroidApiLevelColumn("android_api_level");
constexpr Column kArchitectureColumn("architecture");
constexpr Column kDeviceClassificationColumn("device_classification");
constexpr Column kDeviceLocaleColumn("device_locale");
constexpr Column kDeviceManufacturerColumn("device_manufacturer");
constexpr Column kDeviceModelColumn("device_model");
constexpr Column kDeviceOsBuildNumberColumn("device_os_build_number");
constexpr Column kDeviceOsNameColumn("device_os_name");
constexpr Column kDeviceOsVersionColumn("device_os_version");
constexpr Column kDurationNsColumn("duration_ns");
constexpr Column kEnvironmentColumn("environment");
constexpr Column kOrganizationIdColumn("organization_id");
constexpr Column kPlatformColumn("platform");
constexpr Column kProfileIdColumn("profile_id");
constexpr Column kProjectIdColumn("project_id");
constexpr Column kReceivedColumn("received");
constexpr Column kRetentionDaysColumn("retention_days");
constexpr Column kTraceIdColumn("trace_id");
constexpr Column kTransactionIdColumn("transaction_id");
constexpr Column kTransactionNameColumn("transaction_name");
constexpr Column kVersionCodeColumn("version_code");
constexpr Column kVersionNameColumn("version_name");
constexpr Column kOffsetColumn("offset");
constexpr Column kPartitionColumn("partition");

}  // namespace

struct ProfilesMessageProcessor::Profile {
  std::optional<uint32_t> android_api_level;
  std::optional<JsonString> architecture;
  JsonString device_classification;
  JsonString device_locale;
  JsonString device_manufacturer;
  JsonString device_model;
  std::optional<JsonString> device_os_build_number;
  JsonString device_os_name;
  JsonString device_os_version;
  uint64_t duration_ns = 0;
  std::optional<JsonString> environment;
  uint64_t organization_id = 0;
  JsonString platform;
  Uuid profile_id;
  uint64_t project_id = 0;
  int64_t received = 0;
  std::optional<uint16_t> retention_days;
  Uuid trace_id;
  Uuid transaction_id;
  JsonString transaction_name;
  JsonString version_code;
  JsonString version_name;
};

ProfilesMessageProcessor::ProfilesMessageProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment&)
    : environment_(settings.environment), row_(tick_form(settings)) {}

ProcessResult ProfilesMessageProcessor::process(const MessageContext& context, const Message& message,
                                                std::string& rows) {
  if (!message.payload) return null_payload();
  json_.open(message);
  Profile profile;
  if (!read(profile)) return invalid_message(json_);
  row_.clear();
  write(profile, message.offset, context.partition);
  row_.move_to(rows);
  ProcessResult result = ProcessResult::rows(1);
  result.origin_timestamp_ms = origin_from_seconds(profile.received);
  return result;
}

bool ProfilesMessageProcessor::read(Profile& out) {
  StructReader fields(json_, kFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_field(field, out)) return false;
  }
  return fields.complete() && json_.finish();
}

bool ProfilesMessageProcessor::read_field(int field, Profile& out) {
  switch (field) {
    case kAndroidApiLevel:
      return read_optional(json_, out.android_api_level);
    case kArchitecture:
      return read_optional(json_, out.architecture);
    case kDeviceClassification:
      return read_value(json_, out.device_classification);
    case kDeviceLocale:
      return read_value(json_, out.device_locale);
    case kDeviceManufacturer:
      return read_value(json_, out.device_manufacturer);
    case kDeviceModel:
      return read_value(json_, out.device_model);
    case kDeviceOsBuildNumber:
      return read_optional(json_, out.device_os_build_number);
    case kDeviceOsName:
      return read_value(json_, out.device_os_name);
    case kDeviceOsVersion:
      return read_value(json_, out.device_os_version);
    case kDurationNs:
      return read_value(json_, out.duration_ns);
    case kEnvironment:
      return read_optional(json_, out.environment);
    case kOrganizationId:
      return read_value(json_, out.organization_id);
    case kPlatform:
      return read_value(json_, out.platform);
    case kProfileId:
      return read_value(json_, out.profile_id);
    case kProjectId:
      return read_value(json_, out.project_id);
    case kReceived:
      return read_value(json_, out.received);
    case kRetentionDays:
      return read_optional(json_, out.retention_days);
    case kTraceId:
      return read_value(json_, out.trace_id);
    case kTransactionId:
      return read_value(json_, out.transaction_id);
    case kTransactionName:
      return read_value(json_, out.transaction_name);
    case kVersionCode:
      return read_value(json_, out.version_code);
    case kVersionName:
      return read_value(json_, out.version_name);
    default:
      return false;
  }
}

void ProfilesMessageProcessor::write(const Profile& p, Offset offset, Partition partition) {
  row_.begin_row();
  row_.put(kAndroidApiLevelColumn, p.android_api_level);
  row_.put(kArchitectureColumn, p.architecture);
  row_.put(kDeviceClassificationColumn, p.device_classification);
  row_.put(kDeviceLocaleColumn, p.device_locale);
  row_.put(kDeviceManufacturerColumn, p.device_manufacturer);
  row_.put(kDeviceModelColumn, p.device_model);
  row_.put(kDeviceOsBuildNumberColumn, p.device_os_build_number);
  row_.put(kDeviceOsNameColumn, p.device_os_name);
  row_.put(kDeviceOsVersionColumn, p.device_os_version);
  row_.put(kDurationNsColumn, p.duration_ns);
  row_.put(kEnvironmentColumn, p.environment);
  row_.put(kOrganizationIdColumn, p.organization_id);
  row_.put(kPlatformColumn, p.platform);
  row_.put(kProfileIdColumn, p.profile_id);
  row_.put(kProjectIdColumn, p.project_id);
  row_.put(kReceivedColumn, p.received);
  row_.put(kRetentionDaysColumn, clamp_retention(p.retention_days, environment_));
  row_.put(kTraceIdColumn, p.trace_id);
  row_.put(kTransactionIdColumn, p.transaction_id);
  row_.put(kTransactionNameColumn, p.transaction_name);
  row_.put(kVersionCodeColumn, p.version_code);
  row_.put(kVersionNameColumn, p.version_name);
  row_.put(kOffsetColumn, offset.value);
  row_.put(kPartitionColumn, partition.value);
  row_.end_row();
}

}  // namespace freshet::processors

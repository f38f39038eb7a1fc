// Metadata of transaction profiles. One row per message: its fields, with a valid retention, and where it was read.
#include "processors/data_sets/data_sets.h"
#include "processors/description/described_processor.h"
#include "processors/description/steps.h"

namespace freshet::processors {
namespace {

struct Profile {
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
  int64_t received = 0;  // seconds
  std::optional<uint16_t> retention_days;
  Uuid trace_id;
  Uuid transaction_id;
  JsonString transaction_name;
  JsonString version_code;
  JsonString version_name;
};

constexpr auto kProfile = describe<Profile>(
    both<&Profile::android_api_level>("android_api_level", Need::Defaulted),
    both<&Profile::architecture>("architecture", Need::Defaulted),
    both<&Profile::device_classification>("device_classification", Need::Defaulted),
    both<&Profile::device_locale>("device_locale", Need::Required),
    both<&Profile::device_manufacturer>("device_manufacturer", Need::Required),
    both<&Profile::device_model>("device_model", Need::Required),
    both<&Profile::device_os_build_number>("device_os_build_number", Need::Defaulted),
    both<&Profile::device_os_name>("device_os_name", Need::Required),
    both<&Profile::device_os_version>("device_os_version", Need::Required),
    both<&Profile::duration_ns>("duration_ns", Need::Required),
    both<&Profile::environment>("environment", Need::Defaulted),
    both<&Profile::organization_id>("organization_id", Need::Required),
    both<&Profile::platform>("platform", Need::Required), both<&Profile::profile_id>("profile_id", Need::Required),
    both<&Profile::project_id>("project_id", Need::Required), both<&Profile::received>("received", Need::Required),
    field<&Profile::retention_days>("retention_days"),
    column<&Profile::retention_days, clamped_retention>("retention_days"),
    both<&Profile::trace_id>("trace_id", Need::Required),
    both<&Profile::transaction_id>("transaction_id", Need::Required),
    both<&Profile::transaction_name>("transaction_name", Need::Required),
    both<&Profile::version_code>("version_code", Need::Required),
    both<&Profile::version_name>("version_name", Need::Required), column<offset_of>("offset"),
    column<partition_of>("partition"));

}  // namespace

ProcessorFactory profiles(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return described_with_origin<kProfile, &Profile::received>(settings, environment);
}

}  // namespace freshet::processors

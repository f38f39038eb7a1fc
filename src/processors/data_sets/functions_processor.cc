// Durations of profiled functions. One row per element of `functions`; an empty list results in no row and is no error.
#include "processors/data_sets/data_sets.h"
#include "processors/description/described_processor.h"
#include "processors/description/steps.h"

namespace freshet::processors {
namespace {

struct Function {
  uint64_t fingerprint = 0;
  JsonString name;
  bool in_app = false;
  JsonString package;
  List<uint64_t> durations;
  std::optional<JsonString> thread_id;
};

struct Profile {
  std::optional<JsonString> environment;
  List<Function> functions;
  JsonString platform;
  Uuid profile_id;
  uint64_t project_id = 0;
  int64_t received = 0;  // seconds
  std::optional<JsonString> release;
  uint32_t retention_days = 0;
  uint64_t timestamp = 0;  // seconds
  std::optional<Ticks<6, uint64_t>> start;
  std::optional<Ticks<6, uint64_t>> end;
  JsonString transaction_name;
  std::optional<JsonString> profiling_type;
  std::optional<uint8_t> materialization_version;
};

uint8_t is_application(const Function& function) { return function.in_app ? 1 : 0; }
JsonString thread_of(const Function& function) { return function.thread_id.value_or(JsonString()); }
uint8_t version_of(const Profile& profile) { return profile.materialization_version.value_or(0); }

constexpr auto kFunction = describe<Function>(
    field<&Function::fingerprint>("fingerprint", Need::Required), field<&Function::name>("function", Need::Required),
    field<&Function::in_app>("in_app", Need::Required), field<&Function::package>("package", Need::Required),
    field<&Function::durations>("self_times_ns", Need::Required),
    field<&Function::thread_id>("thread_id", Need::Defaulted));

constexpr auto kProfile =
    describe<Profile>(column<&Function::durations, each<>>("durations"),                                     //
                      both<&Profile::environment>("environment", Need::Defaulted),                           //
                      field<&Profile::functions, list_of<kFunction>>("functions", Need::Required),           //
                      column<&Function::fingerprint>("fingerprint"),                                         //
                      column<is_application>("is_application"),                                              //
                      column<version_of>("materialization_version"),                                         //
                      column<&Function::name>("name"),                                                       //
                      column<&Function::package>("package"),                                                 //
                      both<&Profile::platform>("platform", Need::Required),                                  //
                      both<&Profile::profile_id>("profile_id", Need::Required),                              //
                      both<&Profile::project_id>("project_id", Need::Required),                              //
                      field<&Profile::received>("received", Need::Required),                                 //
                      both<&Profile::release>("release", Need::Defaulted),                                   //
                      both<&Profile::retention_days>("retention_days", Need::Required),                      //
                      both<&Profile::timestamp>("timestamp", Need::Required),                                //
                      both<&Profile::start>("start_timestamp", Need::Defaulted),                             //
                      both<&Profile::end>("end_timestamp", Need::Defaulted),                                 //
                      both<&Profile::transaction_name>("transaction_name", Need::Required),                  //
                      column<thread_of>("thread_id"),                                                        //
                      both<&Profile::profiling_type>("profiling_type", Need::Defaulted),                     //
                      field<&Profile::materialization_version>("materialization_version", Need::Defaulted),  //
                      // Snuba writes these with the same value in every row.
                      column<constant_text<"">>("browser_name"), column<constant<uint32_t{0}>>("depth"),
                      column<constant<uint8_t{0}>>("device_classification"), column<constant_text<"">>("dist"),
                      column<constant_text<"">>("os_name"), column<constant_text<"">>("os_version"),
                      column<constant<uint64_t{0}>>("parent_fingerprint"), column<constant_text<"">>("path"),
                      column<constant_text<"">>("transaction_op"), column<constant<uint8_t{0}>>("transaction_status"));

}  // namespace

ProcessorFactory functions(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return described_with_origin<kProfile, &Profile::received, &Profile::functions>(settings, environment);
}

}  // namespace freshet::processors

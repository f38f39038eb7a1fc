// Whether the events of a project were accepted, filtered, limited or discarded. One row per message.
#include <algorithm>
#include <array>

#include "processors/data_sets/data_sets.h"
#include "processors/description/described_processor.h"
#include "processors/processors_metrics.h"

namespace freshet::processors {
namespace {

constexpr uint8_t kAbuse = 4;
constexpr uint8_t kClientDiscard = 5;
constexpr uint8_t kErrorCategory = 1;

struct Outcome {
  uint64_t org_id = 0;
  std::optional<uint64_t> project_id;
  std::optional<uint64_t> key_id;
  Seconds timestamp;
  uint8_t outcome = 0;
  std::optional<uint8_t> category;
  std::optional<uint64_t> quantity;
  std::optional<JsonString> reason;
  std::optional<Uuid> event_id;
};

// Reasons that a client may give for its own discards; any other reason is dropped.
constexpr std::array<std::string_view, 15> kClientReasons = {
    "backpressure",   "before_send",       "buffer_overflow",    "cache_overflow", "event_processor",
    "ignored",        "insufficient_data", "internal_sdk_error", "invalid",        "network_error",
    "no_parent_span", "queue_overflow",    "ratelimit_backoff",  "sample_rate",    "send_error"};

bool is_client_reason(std::string_view reason) {
  return std::binary_search(kClientReasons.begin(), kClientReasons.end(), reason);
}

uint8_t category_of(const Outcome& o) { return o.category.value_or(kErrorCategory); }
uint64_t quantity_of(const Outcome& o) { return o.quantity.value_or(1); }
// Of the older column, which has 32 bits.
uint64_t small_quantity_of(const Outcome& o) { return quantity_of(o) <= UINT32_MAX ? quantity_of(o) : 0; }
std::optional<JsonString> reason_of(const Outcome& o) {
  const bool dropped = o.outcome == kClientDiscard && !(o.reason && is_client_reason(o.reason->view));
  return dropped ? std::nullopt : o.reason;
}

constexpr auto kOutcome = describe<Outcome>(both<&Outcome::org_id>("org_id", Need::Defaulted),          //
                                            both<&Outcome::project_id>("project_id", Need::Defaulted),  //
                                            both<&Outcome::key_id>("key_id"),                           //
                                            both<&Outcome::timestamp>("timestamp", Need::Defaulted),    //
                                            both<&Outcome::outcome>("outcome", Need::Required),         //
                                            field<&Outcome::category>("category"),                      //
                                            column<category_of>("category"),                            //
                                            field<&Outcome::quantity>("quantity"),                      //
                                            column<quantity_of>("quantity64"),                          //
                                            column<small_quantity_of>("quantity"),                      //
                                            field<&Outcome::reason>("reason"),                          //
                                            column<reason_of>("reason"),                                //
                                            both<&Outcome::event_id>("event_id"));

class OutcomesProcessor final : public DescribedProcessor<kOutcome> {
 public:
  OutcomesProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : DescribedProcessor(settings, environment), metrics_(*environment.metrics) {}

 private:
  void report(const Outcome& outcome, ProcessResult&) override {
    if (outcome.outcome == kAbuse) return;
    if (!outcome.category) metrics_.missing_category.add();
    if (!outcome.quantity) metrics_.missing_quantity.add();
  }

  const OutcomesMetrics metrics_;
};

}  // namespace

ProcessorFactory outcomes(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<OutcomesProcessor>(settings, environment);
}

}  // namespace freshet::processors

// Aggregates trace items to outcome counts: no item is counted twice or lost, and every record is JSON.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "outcomes/aggregator.h"
#include "processors/data_sets/accepted_outcomes_processor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  static RealClock clock;
  static Metrics metrics;
  static processors::AcceptedOutcomesProcessor processor(processors::ProcessorsSettings(), {&clock, &metrics});
  const std::string payload(reinterpret_cast<const char*>(data), size);
  Message message;
  message.offset = Offset{1};
  message.timestamp_ms = 1'790'000'000'000;
  message.payload = payload;
  processor.begin_chunk({"topic", Partition{0}}, {&message, 1});
  std::string rows;
  const ProcessResult result = processor.process({"topic", Partition{0}}, message, rows);
  if (result.kind != ProcessResult::Kind::Rows || rows.empty()) return 0;
  const auto once = outcomes::aggregate({rows}, 60, outcomes::SeenItems(16));
  const auto twice = outcomes::aggregate({rows, rows}, 60, outcomes::SeenItems(16));
  for (const auto& [bucket, quantity] : once.quantities) {
    const auto found = twice.quantities.find(bucket);
    if (found == twice.quantities.end()) std::abort();
    // An item that may be sent twice is recognised by its identity.
    if (!once.items.empty() && found->second != quantity) std::abort();
    if (!nlohmann::json::accept(outcomes::outcome_record(bucket, quantity, clock.system_now()))) std::abort();
  }
  return 0;
}

#include "processors/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "processors/crypto_check.h"
#include "processors/data_sets/accepted_outcomes_processor.h"
#include "processors/data_sets/data_sets.h"
#include "processors/data_sets/json/json_processor.h"
#include "processors/description/described_processor.h"

namespace freshet::processors {
namespace {

struct Entry {
  const char* name;
  ProcessorFactory (*make)(const ProcessorsSettings&, const ProcessorEnvironment&);
  CryptoNeeds needs = CryptoNeeds::Nothing;
  std::string_view cogs_resource = {};
};

constexpr std::array kEntries = {
    Entry{"json",
          [](const ProcessorsSettings& settings, const ProcessorEnvironment& environment) -> ProcessorFactory {
            const bool adapts = environment.delivery == Delivery::AtLeastOnce;
            return [json = settings.json, table = environment.table,
                    wanted = adapts ? std::make_shared<WantedColumns>(*environment.clock) : nullptr] {
              return std::make_unique<JsonProcessor>(json, table, wanted);
            };
          }},
#ifndef FRESHET_WITHOUT_SNUBA_DATA_SETS
    Entry{"ErrorsProcessor", errors, CryptoNeeds::Md5},
    Entry{"FunctionsMessageProcessor", functions},
    Entry{"LlmProxyCostProcessor", llm_proxy_cost},
    Entry{"ProfileChunksProcessor", profile_chunks},
    Entry{"ProfilesMessageProcessor", profiles},
    Entry{"ReplaysProcessor", replays, CryptoNeeds::Md5AndRandom},
    Entry{"OutcomesProcessor", outcomes},
    Entry{"QuerylogProcessor", querylog},
    Entry{"TransactionsMessageProcessor", transactions},
    Entry{"SearchIssuesMessageProcessor", search_issues},
    Entry{"GroupAttributesMessageProcessor", group_attributes},
    Entry{"EAPItemsProcessor", eap_items, CryptoNeeds::Nothing, "eap_items_processor"},
    Entry{"GenericCountersMetricsProcessor", generic_counters, CryptoNeeds::Nothing,
          "generic_metrics_processor_counters"},
    Entry{"GenericSetsMetricsProcessor", generic_sets, CryptoNeeds::Nothing, "generic_metrics_processor_sets"},
    Entry{"GenericDistributionsMetricsProcessor", generic_distributions, CryptoNeeds::Nothing,
          "generic_metrics_processor_distributions"},
    Entry{"GenericGaugesMetricsProcessor", generic_gauges, CryptoNeeds::Nothing, "generic_metrics_processor_gauges"},
    Entry{"PolymorphicMetricsProcessor", polymorphic_metrics},
#endif
};

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const Entry& entry : kEntries) out.emplace_back(entry.name);
  return out;
}

std::string_view cogs_resource(std::string_view processor) {
  const auto found =
      std::find_if(kEntries.begin(), kEntries.end(), [&](const Entry& entry) { return processor == entry.name; });
  return found == kEntries.end() ? std::string_view() : found->cogs_resource;
}

Result<ProcessorFactory> make_factory(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
#ifndef FRESHET_WITHOUT_SNUBA_DATA_SETS
  // Not a data set with a table; only accepted-outcomes-consumer uses it.
  if (settings.processor == "AcceptedOutcomes") return factory_of<AcceptedOutcomesProcessor>(settings, environment);
#endif
  const auto found = std::find_if(kEntries.begin(), kEntries.end(),
                                  [&](const Entry& entry) { return settings.processor == entry.name; });
  if (found == kEntries.end()) {
    return failure(ErrorKind::Fatal, fmt::format("'{}' is not a processor; use one of: {}", settings.processor,
                                                 fmt::join(names(), ", ")));
  }
  if (settings.row_binary && settings.processor != "EAPItemsProcessor") {
    return failure(ErrorKind::Fatal,
                   fmt::format("'{}' cannot write RowBinary; only EAPItemsProcessor can", settings.processor));
  }
  if (Status crypto = check_crypto(found->needs); !crypto) {
    return failure(ErrorKind::Fatal, fmt::format("'{}' cannot run here: {}", settings.processor, crypto.error().text));
  }
  return found->make(settings, environment);
}

}  // namespace freshet::processors

// Costs of calls to language models. One row per message; its columns are the fields of the message.
#include "processors/data_sets/data_sets.h"
#include "processors/description/described_processor.h"

namespace freshet::processors {
namespace {

struct Cost {
  Seconds timestamp;
  uint64_t org_id = 0;
  uint64_t project_id = 0;
  JsonString feature;
  JsonString model;
  JsonString region;
  JsonString call_type;
  uint32_t prompt_tokens = 0;
  uint32_t completion_tokens = 0;
  uint32_t cache_read_tokens = 0;
  uint32_t cache_write_tokens = 0;
  double total_cost_usd = 0;
  double input_cost_usd = 0;
  double output_cost_usd = 0;
  double cache_read_cost_usd = 0;
  double cache_write_cost_usd = 0;
  double litellm_cost_usd = 0;
  uint8_t is_long_context = 0;
  uint8_t is_regional = 0;
  double response_time_ms = 0;
  JsonString litellm_call_id;
};

constexpr auto kCost = describe<Cost>(
    both<&Cost::timestamp>("timestamp", Need::Defaulted), both<&Cost::org_id>("org_id", Need::Defaulted),
    both<&Cost::project_id>("project_id", Need::Defaulted), both<&Cost::feature>("feature", Need::Defaulted),
    both<&Cost::model>("model", Need::Defaulted), both<&Cost::region>("region", Need::Defaulted),
    both<&Cost::call_type>("call_type", Need::Defaulted), both<&Cost::prompt_tokens>("prompt_tokens", Need::Defaulted),
    both<&Cost::completion_tokens>("completion_tokens", Need::Defaulted),
    both<&Cost::cache_read_tokens>("cache_read_tokens", Need::Defaulted),
    both<&Cost::cache_write_tokens>("cache_write_tokens", Need::Defaulted),
    both<&Cost::total_cost_usd>("total_cost_usd", Need::Defaulted),
    both<&Cost::input_cost_usd>("input_cost_usd", Need::Defaulted),
    both<&Cost::output_cost_usd>("output_cost_usd", Need::Defaulted),
    both<&Cost::cache_read_cost_usd>("cache_read_cost_usd", Need::Defaulted),
    both<&Cost::cache_write_cost_usd>("cache_write_cost_usd", Need::Defaulted),
    both<&Cost::litellm_cost_usd>("litellm_cost_usd", Need::Defaulted),
    both<&Cost::is_long_context>("is_long_context", Need::Defaulted),
    both<&Cost::is_regional>("is_regional", Need::Defaulted),
    both<&Cost::response_time_ms>("response_time_ms", Need::Defaulted),
    both<&Cost::litellm_call_id>("litellm_call_id", Need::Defaulted));

}  // namespace

ProcessorFactory llm_proxy_cost(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return described<kCost>(settings, environment);
}

}  // namespace freshet::processors

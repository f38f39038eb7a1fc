#include "processors/llm_proxy_cost_processor.h"

#include "processors/read_values.h"
#include "processors/struct_reader.h"

namespace freshet::processors {
namespace {

// In the positional order of the message, which is also that of the row.
enum In {
  kTimestamp,
  kOrgId,
  kProjectId,
  kFeature,
  kModel,
  kRegion,
  kCallType,
  kPromptTokens,
  kCompletionTokens,
  kCacheReadTokens,
  kCacheWriteTokens,
  kTotalCostUsd,
  kInputCostUsd,
  kOutputCostUsd,
  kCacheReadCostUsd,
  kCacheWriteCostUsd,
  kLitellmCostUsd,
  kIsLongContext,
  kIsRegional,
  kResponseTimeMs,
  kLitellmCallId,
};
constexpr Fields kFields({{"timestamp", Need::Defaulted},
                          {"org_id", Need::Defaulted},
                          {"project_id", Need::Defaulted},
                          {"feature", Need::Defaulted},
                          {"model", Need::Defaulted},
                          {"region", Need::Defaulted},
                          {"call_type", Need::Defaulted},
                          {"prompt_tokens", Need::Defaulted},
                          {"completion_tokens", Need::Defaulted},
                          {"cache_read_tokens", Need::Defaulted},
                          {"cache_write_tokens", Need::Defaulted},
                          {"total_cost_usd", Need::Defaulted},
                          {"input_cost_usd", Need::Defaulted},
                          {"output_cost_usd", Need::Defaulted},
                          {"cache_read_cost_usd", Need::Defaulted},
                          {"cache_write_cost_usd", Need::Defaulted},
                          {"litellm_cost_usd", Need::Defaulted},
                          {"is_long_context", Need::Defaulted},
                          {"is_regional", Need::Defaulted},
                          {"response_time_ms", Need::Defaulted},
                          {"litellm_call_id", Need::Defaulted}});

constexpr Column kTimestampColumn("timestamp");
constexpr Column kOrgIdColumn("org_id");
constexpr Column kProjectIdColumn("project_id");
constexpr Column kFeatureColumn("feature");
constexpr Column kModelColumn("model");
constexpr Column kRegionColumn("region");
constexpr Column kCallTypeColumn("call_type");
constexpr Column kPromptTokensColumn("prompt_tokens");
constexpr Column kCompletionTokensColumn("completion_tokens");
constexpr Column kCacheReadTokensColumn("cache_read_tokens");
constexpr Column kCacheWriteTokensColumn("cache_write_tokens");
constexpr Column kTotalCostUsdColumn("total_cost_usd");
constexpr Column kInputCostUsdColumn("input_cost_usd");
constexpr Column kOutputCostUsdColumn("output_cost_usd");
constexpr Column kCacheReadCostUsdColumn("cache_read_cost_usd");
constexpr Column kCacheWriteCostUsdColumn("cache_write_cost_usd");
constexpr Column kLitellmCostUsdColumn("litellm_cost_usd");
constexpr Column kIsLongContextColumn("is_long_context");
constexpr Column kIsRegionalColumn("is_regional");
constexpr Column kResponseTimeMsColumn("response_time_ms");
constexpr Column kLitellmCallIdColumn("litellm_call_id");

}  // namespace

struct LlmProxyCostProcessor::Cost {
  uint32_t timestamp = 0;
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

LlmProxyCostProcessor::LlmProxyCostProcessor(const ProcessorsSettings& settings,
                                             const ProcessorEnvironment& environment)
    : values_(environment), row_(tick_form(settings)) {}

ProcessResult LlmProxyCostProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  json_.open(message);
  Cost cost;
  if (!read(cost)) return invalid_message(json_);
  row_.clear();
  write(cost);
  row_.move_to(rows);
  return ProcessResult::rows(1);
}

bool LlmProxyCostProcessor::read(Cost& out) {
  StructReader fields(json_, kFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_field(field, out)) return false;
  }
  return fields.complete() && json_.finish();
}

bool LlmProxyCostProcessor::read_field(int field, Cost& out) {
  switch (field) {
    case kTimestamp:
      return read_date_time(json_, values_, out.timestamp);
    case kOrgId:
      return read_value(json_, out.org_id);
    case kProjectId:
      return read_value(json_, out.project_id);
    case kFeature:
      return read_value(json_, out.feature);
    case kModel:
      return read_value(json_, out.model);
    case kRegion:
      return read_value(json_, out.region);
    case kCallType:
      return read_value(json_, out.call_type);
    case kPromptTokens:
      return read_value(json_, out.prompt_tokens);
    case kCompletionTokens:
      return read_value(json_, out.completion_tokens);
    case kCacheReadTokens:
      return read_value(json_, out.cache_read_tokens);
    case kCacheWriteTokens:
      return read_value(json_, out.cache_write_tokens);
    case kTotalCostUsd:
      return read_value(json_, out.total_cost_usd);
    case kInputCostUsd:
      return read_value(json_, out.input_cost_usd);
    case kOutputCostUsd:
      return read_value(json_, out.output_cost_usd);
    case kCacheReadCostUsd:
      return read_value(json_, out.cache_read_cost_usd);
    case kCacheWriteCostUsd:
      return read_value(json_, out.cache_write_cost_usd);
    case kLitellmCostUsd:
      return read_value(json_, out.litellm_cost_usd);
    case kIsLongContext:
      return read_value(json_, out.is_long_context);
    case kIsRegional:
      return read_value(json_, out.is_regional);
    case kResponseTimeMs:
      return read_value(json_, out.response_time_ms);
    case kLitellmCallId:
      return read_value(json_, out.litellm_call_id);
    default:
      return false;
  }
}

void LlmProxyCostProcessor::write(const Cost& c) {
  row_.begin_row();
  row_.put(kTimestampColumn, c.timestamp);
  row_.put(kOrgIdColumn, c.org_id);
  row_.put(kProjectIdColumn, c.project_id);
  row_.put(kFeatureColumn, c.feature);
  row_.put(kModelColumn, c.model);
  row_.put(kRegionColumn, c.region);
  row_.put(kCallTypeColumn, c.call_type);
  row_.put(kPromptTokensColumn, c.prompt_tokens);
  row_.put(kCompletionTokensColumn, c.completion_tokens);
  row_.put(kCacheReadTokensColumn, c.cache_read_tokens);
  row_.put(kCacheWriteTokensColumn, c.cache_write_tokens);
  row_.put(kTotalCostUsdColumn, c.total_cost_usd);
  row_.put(kInputCostUsdColumn, c.input_cost_usd);
  row_.put(kOutputCostUsdColumn, c.output_cost_usd);
  row_.put(kCacheReadCostUsdColumn, c.cache_read_cost_usd);
  row_.put(kCacheWriteCostUsdColumn, c.cache_write_cost_usd);
  row_.put(kLitellmCostUsdColumn, c.litellm_cost_usd);
  row_.put(kIsLongContextColumn, c.is_long_context);
  row_.put(kIsRegionalColumn, c.is_regional);
  row_.put(kResponseTimeMsColumn, c.response_time_ms);
  row_.put(kLitellmCallIdColumn, c.litellm_call_id);
  row_.end_row();
}

}  // namespace freshet::processors

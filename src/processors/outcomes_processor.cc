#include "processors/outcomes_processor.h"

#include <algorithm>
#include <array>

#include "processors/read_values.h"
#include "processors/struct_reader.h"

namespace freshet::processors {
namespace {

constexpr uint8_t kAbuse = 4;
constexpr uint8_t kClientDiscard = 5;
constexpr uint8_t kErrorCategory = 1;

enum In { kOrg, kProject, kKey, kTimestamp, kOutcome, kCategory, kQuantity, kReason, kEvent };
constexpr Fields kFields({{"org_id", Need::Defaulted},
                          {"project_id", Need::Defaulted},
                          {"key_id"},
                          {"timestamp", Need::Defaulted},
                          {"outcome", Need::Required},
                          {"category"},
                          {"quantity"},
                          {"reason"},
                          {"event_id"}});

constexpr Column kOrgId("org_id");
constexpr Column kProjectId("project_id");
constexpr Column kKeyId("key_id");
constexpr Column kTimestampColumn("timestamp");
constexpr Column kOutcomeColumn("outcome");
constexpr Column kCategoryColumn("category");
constexpr Column kQuantity64("quantity64");
constexpr Column kQuantity32("quantity");
constexpr Column kReasonColumn("reason");
constexpr Column kEventId("event_id");

// Reasons that a client may give for its own discards; any other reason is dropped.
constexpr std::array<std::string_view, 15> kClientReasons = {
    "backpressure",   "before_send",       "buffer_overflow",    "cache_overflow", "event_processor",
    "ignored",        "insufficient_data", "internal_sdk_error", "invalid",        "network_error",
    "no_parent_span", "queue_overflow",    "ratelimit_backoff",  "sample_rate",    "send_error"};

bool is_client_reason(std::string_view reason) {
  return std::binary_search(kClientReasons.begin(), kClientReasons.end(), reason);
}

}  // namespace

OutcomesProcessor::OutcomesProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
    : values_(environment), metrics_(*environment.metrics), row_(tick_form(settings)) {}

ProcessResult OutcomesProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  json_.open(message);
  Outcome outcome;
  if (!read(outcome)) return invalid_message(json_);
  row_.clear();
  write(outcome);
  row_.move_to(rows);
  return ProcessResult::rows(1);
}

bool OutcomesProcessor::read(Outcome& out) {
  StructReader fields(json_, kFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_field(field, out)) return false;
  }
  return fields.complete() && json_.finish();
}

bool OutcomesProcessor::read_field(int field, Outcome& out) {
  switch (field) {
    case kOrg:
      return json_.read_u64(out.org_id);
    case kProject:
      return read_optional(json_, out.project_id);
    case kKey:
      return read_optional(json_, out.key_id);
    case kTimestamp:
      return read_date_time(json_, values_, out.timestamp);
    case kOutcome:
      return json_.read_unsigned(out.outcome);
    case kCategory:
      return read_optional(json_, out.category);
    case kQuantity:
      return read_optional(json_, out.quantity);
    case kReason:
      return read_optional(json_, out.reason);
    case kEvent:
      return read_optional(json_, out.event_id);
    default:
      return false;
  }
}

void OutcomesProcessor::write(const Outcome& o) {
  const bool client_reason = o.outcome != kClientDiscard || (o.reason && is_client_reason(o.reason->view));
  if (!o.category && o.outcome != kAbuse) metrics_.missing_category.add();
  if (!o.quantity && o.outcome != kAbuse) metrics_.missing_quantity.add();
  const uint64_t quantity = o.quantity.value_or(1);
  row_.begin_row();
  row_.put(kOrgId, o.org_id);
  row_.put(kProjectId, o.project_id);
  row_.put(kKeyId, o.key_id);
  row_.put(kTimestampColumn, o.timestamp);
  row_.put(kOutcomeColumn, o.outcome);
  row_.put(kCategoryColumn, o.category.value_or(kErrorCategory));
  row_.put(kQuantity64, quantity);
  row_.put(kQuantity32, quantity <= UINT32_MAX ? quantity : 0);
  row_.put(kReasonColumn, client_reason ? o.reason : std::nullopt);
  row_.put(kEventId, o.event_id);
  row_.end_row();
}

}  // namespace freshet::processors

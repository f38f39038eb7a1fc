#include "processors/data_sets/accepted_outcomes_processor.h"

#include <cstring>

#include "outcomes/outcome_item.h"
#include "processors/processors_metrics.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

AcceptedOutcomesProcessor::AcceptedOutcomesProcessor(const ProcessorsSettings& settings,
                                                     const ProcessorEnvironment& environment)
    : decoder_(settings.june),
      values_(environment),
      far_times_(settings.june, environment, values_, accepted_outcomes_out_of_range) {}

void AcceptedOutcomesProcessor::begin_chunk(const MessageContext&, std::span<const Message>) {
  values_.begin_chunk();
  far_times_.begin_chunk();
}

ProcessResult AcceptedOutcomesProcessor::process(const MessageContext& context, const Message& message,
                                                 std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  ProtobufReader reader(*message.payload);
  if (!decoder_.decode(reader, item_)) return ProcessResult::invalid("invalid_message", reader.error_text());
  const auto event = in_calendar(item_.timestamp);
  if (event && far_times_.refuses(*event, item_.item_type)) return ProcessResult::skip("invalid_timestamp");
  if (item_.category_count.empty()) return ProcessResult::rows(0);
  append_item(rows);
  return ProcessResult::rows(1);
}

void AcceptedOutcomesProcessor::append_item(std::string& rows) const {
  OutcomeItem item;
  item.identity.organization_id = item_.organization_id;
  item.identity.project_id = item_.project_id;
  item.identity.trace_id = Uuid::parse(item_.trace_id.view).value_or(Uuid{}).bytes;
  item.may_repeat = item_.item_type == kSpanItem && item_.item_id.size() == item.identity.item_id.size();
  if (item.may_repeat) std::memcpy(item.identity.item_id.data(), item_.item_id.data(), item_.item_id.size());
  item.identity.timestamp = static_cast<uint32_t>(item_.timestamp.value_or(0));
  item.key_id = item_.key_id;
  item.received = item_.received.value_or(0);
  item.counts = static_cast<uint32_t>(item_.category_count.size());
  append_plain(rows, item);
  for (const CategoryCount& count : item_.category_count) {
    append_plain(rows, OutcomeCount{count.quantity, count.data_category});
  }
}

}  // namespace freshet::processors

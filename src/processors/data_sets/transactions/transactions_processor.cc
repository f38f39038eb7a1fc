#include "processors/data_sets/transactions/transactions_processor.h"

#include "processors/data_sets/transactions/transaction_row.h"
#include "processors/python/python_values.h"
#include "processors/values/read_values.h"

namespace freshet::processors {

TransactionsMessageProcessor::TransactionsMessageProcessor(const ProcessorsSettings& settings,
                                                           const ProcessorEnvironment& environment)
    : options_(environment.options),
      metrics_(*environment.metrics),
      values_(environment),
      reader_(settings, values_),
      row_(tick_form(settings)) {}

void TransactionsMessageProcessor::begin_chunk(const MessageContext&, std::span<const Message>) {
  if (options_ != nullptr) max_spans_ = options_->get()->processors.max_spans_per_transaction;
}

ProcessResult TransactionsMessageProcessor::process(const MessageContext& context, const Message& message,
                                                    std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  ProcessResult result = reader_.read(*message.payload, max_spans_, transaction_);
  if (result.kind != ProcessResult::Kind::Rows) return result;
  count(transaction_);
  row_.clear();
  write_transaction(transaction_, context, message, row_);
  row_.move_to(rows);
  result.origin_timestamp_ms = transaction_.origin_timestamp_ms;
  return result;
}

void TransactionsMessageProcessor::count(const Transaction& t) const {
  constexpr uint32_t kMostGroupIds = 10;
  if (t.ends_before_start) metrics_.negative_duration.add();
  if (t.group_ids != nullptr && t.group_ids->count() > kMostGroupIds) metrics_.group_ids_cut.add();
  if (is_none_or_falsy(t.sdk_name)) metrics_.missing_sdk_name.add();
  if (is_none_or_falsy(t.sdk_version)) metrics_.missing_sdk_version.add();
  if (t.spans.cut()) metrics_.spans_cut.add();
  if (t.values_left_out) metrics_.values_left_out.add();
  if (t.origin_timestamp_ms == kNoTimestamp) metrics_.missing_received.add();
}

}  // namespace freshet::processors

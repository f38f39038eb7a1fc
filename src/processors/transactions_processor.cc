#include "processors/transactions_processor.h"

#include "processors/python_values.h"
#include "processors/read_values.h"
#include "processors/transaction_row.h"

namespace freshet::processors {

TransactionsMessageProcessor::Counters::Counters(Metrics& metrics)
    : negative_duration(
          metrics.counter("freshet_transactions_negative_duration_total", "Transactions that end before they start.")),
      group_ids_cut(
          metrics.counter("freshet_transactions_group_ids_cut_total", "Transactions with more than 10 groups.")),
      no_sdk_name(
          metrics.counter("freshet_transactions_missing_sdk_name_total", "Transactions without the SDK's name.")),
      no_sdk_version(
          metrics.counter("freshet_transactions_missing_sdk_version_total", "Transactions without the SDK's version.")),
      spans_cut(metrics.counter("freshet_transactions_spans_cut_total",
                                "Transactions with more spans than max_spans_per_transaction.")),
      values_left_out(
          metrics.counter("freshet_transactions_values_left_out_total",
                          "Transactions written without their measurements or breakdowns, which were invalid.")),
      no_received(metrics.counter("freshet_transactions_missing_received_total",
                                  "Transactions whose time of receipt is missing or out of range.")) {}

void TransactionsMessageProcessor::Counters::add(const Transaction& t) {
  constexpr uint32_t kMostGroupIds = 10;
  if (t.ends_before_start) negative_duration.add();
  if (t.group_ids != nullptr && t.group_ids->count() > kMostGroupIds) group_ids_cut.add();
  if (is_none_or_falsy(t.sdk_name)) no_sdk_name.add();
  if (is_none_or_falsy(t.sdk_version)) no_sdk_version.add();
  if (t.spans.cut()) spans_cut.add();
  if (t.values_left_out) values_left_out.add();
  if (t.origin_timestamp_ms == kNoTimestamp) no_received.add();
}

TransactionsMessageProcessor::TransactionsMessageProcessor(const ProcessorsSettings& settings,
                                                           const ProcessorEnvironment& environment)
    : options_(environment.options),
      counters_(*environment.metrics),
      reader_(settings, *environment.clock),
      row_(tick_form(settings)) {}

void TransactionsMessageProcessor::begin_chunk(const MessageContext&, std::span<const Message>) {
  if (options_ != nullptr) max_spans_ = options_->get()->processors.max_spans_per_transaction;
}

ProcessResult TransactionsMessageProcessor::process(const MessageContext& context, const Message& message,
                                                    std::string& rows) {
  if (!message.payload) return null_payload();
  ProcessResult result = reader_.read(*message.payload, max_spans_, transaction_);
  if (result.kind != ProcessResult::Kind::Rows) return result;
  counters_.add(transaction_);
  row_.clear();
  write_transaction(transaction_, context, message, row_);
  row_.move_to(rows);
  result.origin_timestamp_ms = transaction_.origin_timestamp_ms;
  return result;
}

}  // namespace freshet::processors

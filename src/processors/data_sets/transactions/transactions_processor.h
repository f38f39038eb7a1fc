// TransactionsMessageProcessor: one row per transaction, with its spans, measurements and contexts.
#pragma once

#include <span>

#include "ports/processor.h"
#include "processors/data_sets/transactions/transaction_reader.h"
#include "processors/environment.h"
#include "processors/processors_metrics.h"
#include "processors/processors_settings.h"
#include "processors/python/python_row.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

// Writes one row per message. Skips messages of other kinds, without a trace, or older than their retention.
//   skipped  unknown_envelope, unknown_version, unknown_type, no_transaction, no_trace, too_old
//   invalid  null_payload, invalid_message (not JSON), invalid_value
class TransactionsMessageProcessor final : public Processor {
 public:
  TransactionsMessageProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  void begin_chunk(const MessageContext& context, std::span<const Message> messages) override;
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  void count(const Transaction& transaction) const;

  const Snapshot<LiveOptions>* const options_;
  const TransactionsMetrics metrics_;
  const RowLayout layout_;
  uint64_t max_spans_ = ProcessorOptions().max_spans_per_transaction;
  GeneratedValues values_;
  TransactionReader reader_;
  Transaction transaction_;
  PythonRow row_;
};

}  // namespace freshet::processors

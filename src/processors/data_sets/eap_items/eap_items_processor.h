// EAPItemsProcessor: trace items (spans, logs, metrics and others) as protobuf (docs/snuba-data-sets.md, 9).
#pragma once

#include <array>
#include <random>

#include "columns/row_binary_writer.h"
#include "ports/processor.h"
#include "processors/data_sets/eap_items/eap_item_types.h"
#include "processors/data_sets/eap_items/eap_row.h"
#include "processors/data_sets/eap_items/eap_week.h"
#include "processors/data_sets/eap_items/far_time_filter.h"
#include "processors/environment.h"
#include "processors/formats/row_writer.h"
#include "processors/processors_settings.h"
#include "processors/protobuf/trace_item.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

// Writes one row per message, as JSONEachRow or RowBinary. At least once, the current time is that of begin_chunk() for
// all messages of a chunk. Invalid: null_payload, invalid_message; suppressed: past_ts, future_ts. Skipped:
// invalid_timestamp.
class EapItemsProcessor final : public Processor {
 public:
  EapItemsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  // Includes the column received_at while the live option eap_emit_received_at is on.
  const RowLayout& layout() const override { return received_at_ ? with_received_at_ : layout_; }
  void begin_chunk(const MessageContext& context, std::span<const Message> messages) override;
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  void read_clock_and_options();
  struct OffTime {
    bool far = false;              // skipped (older Snuba)
    const char* reason = nullptr;  // why it goes to the dead-letter topic
  };
  OffTime check_time(int64_t event_seconds);
  void count_prior_partition(WeekCheck week);
  const char* make_row(const Message& message, std::optional<int64_t> received);
  void add_internal_attribute(std::string_view key, int64_t value);
  JsonString indexed_name() const;
  Uuid random_uuid();

  const ProcessorsSettings settings_;
  const ProcessorEnvironment environment_;
  const bool june_;
  bool received_at_ = false;
  RowLayout layout_;
  RowLayout with_received_at_;
  ProcessorOptions options_;
  std::array<Counter*, 2 * kEapItemTypes.size()> prior_partition_{};  // created on first use
  GeneratedValues values_;
  FarTimeFilter far_times_;
  std::mt19937_64 random_;

  TraceItemDecoder decoder_;
  TraceItem item_;
  AttributeColumns columns_;
  EapRow row_;
  RowWriter json_;
  columns::RowBinaryWriter binary_;
};

}  // namespace freshet::processors

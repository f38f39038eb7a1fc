// Generic{Counters,Sets,Distributions,Gauges}MetricsProcessor: current and older Snuba write counters; only older Snuba
// writes the other three.
#pragma once

#include <string>
#include <vector>

#include "ports/processor.h"
#include "processors/data_sets/generic_metrics/generic_metrics_record.h"
#include "processors/environment.h"
#include "processors/formats/row_writer.h"
#include "processors/processors_metrics.h"
#include "processors/processors_settings.h"
#include "processors/values/encoded_series.h"

namespace freshet::processors {

enum class GenericMetricKind : uint8_t { Counter, Set, Distribution, Gauge };

// Writes one row per message of its own metric type. Skips others, because all four consumers read the same topic.
// Skipped: foreign_metric_type, killswitched_use_case. Invalid: null_payload, invalid_message.
class GenericMetricsProcessor final : public Processor {
 public:
  GenericMetricsProcessor(GenericMetricKind kind, const ProcessorsSettings& settings,
                          const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  void begin_chunk(const MessageContext& context, std::span<const Message> messages) override;
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  void read_options();
  bool is_foreign(const Message& message);
  bool is_killed(std::string_view use_case) const;
  ProcessResult killed(std::string_view use_case);
  bool read(const Message& message);
  ProcessResult refused(const Message& message);
  const char* make_row();
  const char* decode_series();
  bool unpack();
  void write_row();
  void write_values();
  void write_gauge();

  const GenericMetricKind kind_;
  const bool june_;
  const SnubaEnvironment environment_;
  const RowLayout layout_;
  const Snapshot<LiveOptions>* const live_;
  const GenericMetricsMetrics metrics_;
  std::string killswitch_;
  std::vector<HeaderView> headers_;
  JsonReader json_;
  GenericMetricReader reader_;
  GenericMetric metric_;
  SeriesCounts counts_;
  ZstdDecoder zstd_;
  std::string decoded_;
  std::string unpacked_;
  std::string cogs_feature_;
  RowWriter row_;
};

}  // namespace freshet::processors

// PolymorphicMetricsProcessor: release-health counters, sets and distributions in one table.
#pragma once

#include <optional>
#include <vector>

#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"
#include "processors/processors_settings.h"
#include "processors/values/metric_tags.h"

namespace freshet::processors {

// One row per message.
class PolymorphicMetricsProcessor final : public Processor {
 public:
  PolymorphicMetricsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  struct Metric {
    JsonString use_case_id;
    uint64_t org_id = 0;
    uint64_t project_id = 0;
    uint64_t metric_id = 0;
    double timestamp = 0;
    std::optional<double> received;
    char type = 0;                             // c, s or d; 0 = not read yet
    std::optional<JsonReader::Mark> value_at;  // where the value starts if it came before its type
    double count = 0;
    uint16_t retention_days = 0;
  };
  bool read(Metric& out);
  bool read_field(int field, Metric& out);
  bool read_type(Metric& out);
  bool read_value_of_type(Metric& out);
  bool read_tags();
  void write(const MessageContext& context, const Message& message, const Metric& metric);
  void write_values(const Metric& metric);
  uint32_t timeseries_id(const Metric& metric);

  const SnubaEnvironment environment_;
  const RowLayout layout_;
  JsonReader json_;
  RowWriter row_;
  std::vector<MetricTag<uint64_t>> tags_;
  std::vector<uint64_t> set_;
  std::vector<double> distribution_;
  TimeseriesId id_;
};

}  // namespace freshet::processors

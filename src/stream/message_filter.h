// Which messages the processor does not see: header filter, age, schema.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "base/clock.h"
#include "base/snapshot.h"
#include "model/message.h"
#include "model/options.h"
#include "ports/payload_sampler.h"
#include "ports/processor.h"
#include "ports/schema.h"
#include "stream/stream_metrics.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

// Threads: one instance per worker. What is borrowed outlives it.
class MessageFilter {
 public:
  // `options` may be null: the age of messages does not count. `schema` may be null: no message is validated. `sampler`
  // may be null; it sees payloads that are not filtered out.
  MessageFilter(const StreamSettings& settings, StreamMetrics& metrics, Clock& clock,
                const Snapshot<LiveOptions>* options, std::unique_ptr<SchemaValidator> schema,
                std::unique_ptr<PayloadSampler> sampler = nullptr);

  void begin_chunk();
  // Empty: the processor sees the message. Else Skip or Invalid.
  std::optional<ProcessResult> filter(const Message& message);

 private:
  std::optional<ProcessResult> validate(std::string_view payload);
  bool filtered_out(const Message& message);
  bool too_old(const Message& message);
  bool sampled(double rate);

  const std::optional<HeaderFilter> filter_;
  const bool by_age_;
  const bool enforce_;
  const double sample_rate_;
  StreamMetrics& metrics_;
  Clock& clock_;
  const Snapshot<LiveOptions>* const options_;
  const std::unique_ptr<SchemaValidator> schema_;
  const std::unique_ptr<PayloadSampler> sampler_;
  uint64_t until_sample_ = 0;  // payloads that pass before the next one that it sees
  DeadLettersByAge age_;       // as of this chunk
  int64_t now_ms_ = 0;         // as of this chunk
  std::minstd_rand random_;
  std::vector<HeaderView> headers_;
};

}  // namespace freshet::stream

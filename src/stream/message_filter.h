// Decides which messages the processor does not see: by header, age and schema.
//
// Exactly once, a message gets the same verdict whenever and wherever it is read: by its header, and by its schema if
// failures are enforced. The age of a message depends on when it is read. If it decided, a message that became a row
// could become a dead letter as well when its planned insert is repeated. So old messages are only counted, as are
// failures of the schema that are not enforced.
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

// Threads: one instance per worker. Borrowed objects outlive it.
class MessageFilter {
 public:
  // `options` may be null: no check of the age. `schema` may be null: no validation. `sampler` may be null; it sees
  // payloads that pass the filters.
  MessageFilter(const StreamSettings& settings, StreamMetrics& metrics, Clock& clock,
                const Snapshot<LiveOptions>* options, std::unique_ptr<SchemaValidator> schema,
                std::unique_ptr<PayloadSampler> sampler = nullptr);

  void begin_chunk();
  // nullopt: pass the message to the processor. Otherwise Skip or Invalid.
  std::optional<ProcessResult> filter(const Message& message);

 private:
  std::optional<ProcessResult> validate(std::string_view payload);
  bool filtered_out(const Message& message);
  bool too_old(const Message& message);
  bool sampled(double rate);

  const std::optional<HeaderFilter> filter_;
  const bool by_age_;
  const bool age_decides_;  // otherwise old messages are only counted
  const bool enforce_;
  const double sample_rate_;
  StreamMetrics& metrics_;
  Clock& clock_;
  const Snapshot<LiveOptions>* const options_;
  const std::unique_ptr<SchemaValidator> schema_;
  const std::unique_ptr<PayloadSampler> sampler_;
  uint64_t until_sample_ = 0;  // payloads until the sampler sees the next one
  DeadLettersByAge age_;       // as of begin_chunk()
  int64_t now_ms_ = 0;         // as of begin_chunk()
  std::minstd_rand random_;
  std::vector<HeaderView> headers_;
};

}  // namespace freshet::stream

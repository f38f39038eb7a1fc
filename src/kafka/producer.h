// One ordered, acknowledged producer for one topic: what dead letters and side topics are written with.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "kafka/connection_files.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

// Idempotent, acks=all, no time limit: a record counts once all in-sync replicas have it. A client that ends with a
// fatal error, or that is refused while the files of its connection hold something new, is rebuilt with the next
// produce(), and destroyed beside it: that may wait for the network. Threads: everything by one; results come from the
// producer's thread.
class Producer {
 public:
  // Called once per accepted record, noexcept. Kind Retry: produce it again; Invalid: the topic will not take it.
  using OnResult = std::function<void(uint64_t ticket, Status result)>;

  struct Record {
    std::optional<std::string_view> key;
    std::optional<std::string_view> value;
    rd_kafka_headers_t* headers = nullptr;  // the record's own once produce() has succeeded
  };

  // `what` is for messages and metrics: "dead letter", "commit log". Fatal: the library refuses the configuration.
  static Result<std::unique_ptr<Producer>> open(const ProducerSettings& settings, std::string_view what,
                                                OnResult on_result, Log& log, Metrics& metrics);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Kind Retry (queue full): nothing was taken; Invalid: too large for any topic. The bytes are copied.
  Status produce(const Record& record, uint64_t ticket);
  // Gives back what was not sent yet, as results of kind Retry.
  void purge_unsent();
  // How many results were failures; rises before the failure is told.
  uint64_t failures() const { return failures_.load(); }

 private:
  // One client and the thread that serves it; ends both when destroyed, which blocks.
  class Connection;

  Producer(const ProducerSettings& settings, std::string_view what, OnResult on_result, Log& log, Metrics& metrics,
           Client client);
  Status rebuild();
  void bury();
  bool refused_with_old_credentials(rd_kafka_resp_err_t code);
  Error describe(rd_kafka_resp_err_t code) const;
  void deliver(rd_kafka_event_t* event);
  void count(rd_kafka_resp_err_t result);

  const ProducerSettings settings_;
  const std::string what_;
  const OnResult on_result_;
  Log& log_;
  Metrics& metrics_;
  const std::string metric_label_;
  Counter& delivered_;
  ConnectionFiles files_;
  std::atomic<uint64_t> failures_{0};
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Connection> last_;  // the one before, until it is destroyed
  std::atomic<bool> burying_{false};
  std::jthread burial_;  // destroys `last_`
};

}  // namespace freshet::kafka

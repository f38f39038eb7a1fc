// RecordProducer over librdkafka: an acknowledged producer for one topic.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "kafka/connection_files.h"
#include "kafka/handles.h"
#include "kafka/kafka_metrics.h"
#include "kafka/kafka_settings.h"
#include "ports/failure_latch.h"
#include "ports/record_producer.h"
#include "secrets/secret_store.h"

namespace freshet::kafka {

// Idempotent, acks=all, no time limit: a record succeeds once all in-sync replicas have it. produce() replaces a client
// that ended with a fatal error, or whose login was rejected after its connection's files changed. The old client is
// closed on its own thread, because closing may wait for the network.
class KafkaProducer final : public RecordProducer {
 public:
  // `what` names the records in logs and metrics: "dead letter", "commit log". Fatal: the library refuses the
  // configuration. Renew or Retry: the system refuses a thread. `secrets`: see ConnectionFiles.
  static Result<std::unique_ptr<KafkaProducer>> open(const ProducerSettings& settings, std::string_view what,
                                                     RecordOrder order, OnResult on_result, Log& log, Metrics& metrics,
                                                     secrets::SecretStore* secrets = nullptr);
  ~KafkaProducer() override;
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  Status produce(const ProducerRecordView& record, uint64_t ticket) override;
  void reset() override;
  void purge() override;

 private:
  // One client and the thread that serves it. The destructor ends both and blocks.
  class Connection;

  KafkaProducer(const ProducerSettings& settings, std::string_view what, RecordOrder order, OnResult on_result,
                Log& log, Metrics& metrics, secrets::SecretStore* secrets, Client client);
  Status replace_client();
  void close_last();
  bool rejected_with_old_credentials(rd_kafka_resp_err_t code, const std::stop_token& stop);
  Error describe(rd_kafka_resp_err_t code) const;
  void deliver(rd_kafka_event_t* event);
  void count(rd_kafka_resp_err_t result);

  const ProducerSettings settings_;
  const std::string what_;
  const RecordOrder order_;
  const OnResult on_result_;
  Log& log_;
  const ProducerMetrics metrics_;
  ConnectionFiles files_;
  FailureLatch failures_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Connection> last_;  // the previous connection, until it is closed
  std::atomic<bool> closing_last_{false};
  std::jthread closing_thread_;  // closes `last_`
};

}  // namespace freshet::kafka

// A producer whose records become visible together or not at all (KIP-98).
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"
#include "model/ids.h"
#include "ports/record_producer.h"

namespace freshet::kafka {

// Threads: one.
class TransactionalProducer {
 public:
  // Ends the transactions of every other producer with this id, which can then begin no further one. So what the topics
  // hold afterwards is complete. Waits for at most `timeout`, here and in commit(). Stopping: `stop` was requested; a
  // transaction is not interrupted.
  static Result<TransactionalProducer> open(const ConnectionSettings& connection, const std::string& id,
                                            Duration timeout, const std::stop_token& stop, Clock& clock, Log& log);

  Status begin();
  // Within a transaction. Copies the record. `partition` nullopt: by the key. Errors of delivery come from commit().
  Status produce(const std::string& topic, std::optional<Partition> partition, const ProducerRecordView& record);
  // Waits until all in-sync replicas have the records. An error ends this producer. Invalid: a topic rejects one of
  // them, so none becomes visible. With any other error the next producer that is opened decides whether they do.
  Status commit();

 private:
  TransactionalProducer(Client client, Duration timeout, Clock& clock)
      : client_(std::move(client)), timeout_(timeout), clock_(clock) {}
  Status flush();
  template <typename Step>
  Status repeat(Step step, const char* what, const std::stop_token& stop = {});

  Client client_;
  Duration timeout_;
  Clock& clock_;
  // The first failed delivery of this transaction. The library's callback writes it, in flush(). On the heap, because
  // the library holds its address.
  std::unique_ptr<std::optional<rd_kafka_resp_err_t>> failed_ = std::make_unique<std::optional<rd_kafka_resp_err_t>>();
};

}  // namespace freshet::kafka

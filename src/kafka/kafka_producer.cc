#include "kafka/kafka_producer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/threads.h"
#include "kafka/client_config.h"
#include "kafka/error_table.h"
#include "kafka/forgotten_brokers.h"
#include "kafka/kafka_events.h"
#include "kafka/oauth_token.h"
#include "kafka/produce_call.h"
#include "kafka/statistics.h"

namespace freshet::kafka {
namespace {

void* as_opaque(uint64_t ticket) { return reinterpret_cast<void*>(ticket); }
uint64_t as_ticket(const void* opaque) { return reinterpret_cast<uint64_t>(opaque); }

std::string one_word(std::string_view what) {
  std::string word(what);
  std::replace(word.begin(), word.end(), ' ', '_');
  return word;
}

}  // namespace

class KafkaProducer::Connection {
 public:
  Connection(KafkaProducer& producer, Client client)
      : producer_(producer), client_(std::move(client)), queue_(rd_kafka_queue_get_main(client_.get())) {}
  // Call once. No result is reported before it.
  Status start() {
    auto thread = start_thread("kafka_producer", [this](std::stop_token stop) { serve(stop); });
    if (!thread) return tl::make_unexpected(thread.error());
    thread_ = *std::move(thread);
    return {};
  }
  ~Connection() {
    thread_.request_stop();
    rd_kafka_queue_yield(queue_.get());
    thread_ = std::jthread();
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    queue_.reset();
    client_.reset();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  rd_kafka_t* client() const { return client_.get(); }
  bool broken() const { return broken_.load(); }
  // Records without a result, or results that were not reported yet. Once this is false on a broken connection, it
  // stays false and no further result is reported.
  bool holds_any() const { return rd_kafka_outq_len(client_.get()) > 0; }

 private:
  void serve(std::stop_token stop) {
    while (!stop.stop_requested()) {
      const Event event(rd_kafka_queue_poll(queue_.get(), 1000));
      if (!event) continue;
      const auto type = rd_kafka_event_type(event.get());
      if (type == RD_KAFKA_EVENT_DR) producer_.deliver(event.get());
      if (type == RD_KAFKA_EVENT_ERROR) on_error(event.get(), stop);
      if (type == RD_KAFKA_EVENT_STATS && !broken()) {
        statistics_.update(rd_kafka_event_stats(event.get()));
        if (statistics_.brokers_forgotten()) add_bootstrap_servers(client_.get(), producer_.log_);
      }
    }
  }
  void on_error(rd_kafka_event_t* event, const std::stop_token& stop) {
    const auto code = rd_kafka_event_error(event);
    const Error error = to_error(event);
    note_client_error(client_.get(), error);
    if (rd_kafka_event_error_is_fatal(event) != 0) {
      give_up();
    } else if (!broken() && producer_.rejected_with_old_credentials(code, stop)) {
      // Purging reports the queued records as not taken; the caller produces them again, and that creates the new
      // client.
      give_up();
      producer_.log_.emit(ProducerCredentialsChanged{producer_.settings_.topic, producer_.what_});
    }
    producer_.log_.emit(ProducerError{producer_.settings_.topic, producer_.what_, error.code, error.text});
  }
  void give_up() {
    broken_.store(true);  // first: from now on no record goes to this client
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  }

  KafkaProducer& producer_;
  Client client_;
  Queue queue_;
  ProducerStatistics statistics_{producer_.metrics_};  // used only by the thread
  std::atomic<bool> broken_{false};
  std::jthread thread_;
};

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::open(const ProducerSettings& settings, std::string_view what,
                                                           RecordOrder order, OnResult on_result, Log& log,
                                                           Metrics& metrics, secrets::SecretStore* secrets) {
  auto conf = producer_conf(ConnectionFiles(settings.connection, secrets).settings(), log);
  if (!conf) return tl::make_unexpected(conf.error());
  auto client = make_client(RD_KAFKA_PRODUCER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  std::unique_ptr<KafkaProducer> producer(
      new KafkaProducer(settings, what, order, std::move(on_result), log, metrics, secrets, *std::move(client)));
  if (Status started = producer->connection_->start(); !started) return tl::make_unexpected(started.error());
  return producer;
}

KafkaProducer::KafkaProducer(const ProducerSettings& settings, std::string_view what, RecordOrder order,
                             OnResult on_result, Log& log, Metrics& metrics, secrets::SecretStore* secrets,
                             Client client)
    : settings_(settings),
      what_(what),
      order_(order),
      on_result_(std::move(on_result)),
      log_(log),
      metrics_(metrics, one_word(what)),
      files_(settings.connection, secrets) {
  connection_ = std::make_unique<Connection>(*this, std::move(client));
}

KafkaProducer::~KafkaProducer() {
  closing_thread_ = std::jthread();
  connection_.reset();
}

Status KafkaProducer::produce(const ProducerRecordView& record, uint64_t ticket) {
  if (failures_.latched()) {
    return failure(ErrorKind::Retry, "failed records are retried first");
  }
  if (connection_->broken()) {
    if (connection_->holds_any()) {  // reported by the thread as not taken, and produced again before this record
      rd_kafka_purge(connection_->client(),
                     RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
      return failure(ErrorKind::Retry, "the client is replaced once all its records have a result");
    }
    if (const Status replaced = replace_client(); !replaced) return replaced;
  }
  const LibraryError error =
      produce_call(connection_->client(), settings_.topic, std::nullopt, record, as_opaque(ticket));
  if (error) return tl::make_unexpected(describe(rd_kafka_error_code(error.get())));
  return {};
}

void KafkaProducer::reset() { failures_.reset(); }

void KafkaProducer::purge() {
  rd_kafka_purge(connection_->client(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

// The old client has reported all its records, so its thread makes no further calls.
Status KafkaProducer::replace_client() {
  if (!closing_last_.load() && last_) close_last();
  if (closing_last_.load() || last_) {
    return failure(ErrorKind::Retry, "the client before the last is still being closed");
  }
  auto conf = producer_conf(files_.settings(), log_);
  if (!conf) return tl::make_unexpected(conf.error());
  auto client = make_client(RD_KAFKA_PRODUCER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  auto next = std::make_unique<Connection>(*this, *std::move(client));
  if (Status started = next->start(); !started) return started;
  last_ = std::exchange(connection_, std::move(next));
  close_last();
  return {};
}

// If the system refuses a thread, the next replace_client() tries again.
void KafkaProducer::close_last() {
  closing_last_.store(true);
  auto thread = start_thread("kafka_close", [this] {
    last_.reset();  // no other thread touches it while `closing_last_` is set
    closing_last_.store(false);
  });
  if (thread) {
    closing_thread_ = *std::move(thread);
  } else {
    closing_last_.store(false);
  }
}

Error KafkaProducer::describe(rd_kafka_resp_err_t code) const {
  Error error = to_error(code, fmt::format("{} to {}", what_, settings_.topic));
  if (error.kind == ErrorKind::Renew) error.kind = ErrorKind::Retry;
  return error;
}

bool KafkaProducer::rejected_with_old_credentials(rd_kafka_resp_err_t code, const std::stop_token& stop) {
  const bool login = code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
  const bool rejected = login || code == RD_KAFKA_RESP_ERR__SSL || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
  if (!rejected || !files_.any()) return false;
  return !(login ? files_.look_after_refusal(stop) : files_.look()).empty();
}

void KafkaProducer::count(rd_kafka_resp_err_t result) {
  if (result == RD_KAFKA_RESP_ERR_NO_ERROR) return metrics_.delivered.add();
  metrics_.records(rd_kafka_err2name(result)).add();
}

void KafkaProducer::deliver(rd_kafka_event_t* event) {
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
    Status result;
    count(message->err);
    const bool failed = message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (failed) result = tl::make_unexpected(describe(message->err));
    const bool latches = failed && order_ == RecordOrder::Keep;
    if (latches) failures_.begin();
    on_result_(as_ticket(message->_private), std::move(result));
    if (latches) failures_.end();
  }
}

}  // namespace freshet::kafka

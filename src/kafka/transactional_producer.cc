#include "kafka/transactional_producer.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "kafka/client_config.h"
#include "kafka/error_table.h"
#include "kafka/lookup.h"
#include "kafka/oauth_token.h"
#include "kafka/produce_call.h"

namespace freshet::kafka {
namespace {

constexpr int kTransactionStepMs = 200;  // how soon a stop is noticed

// The library drops the rest of a transaction once a record of it has failed.
bool is_dropped(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto* failed = static_cast<std::optional<rd_kafka_resp_err_t>*>(message->_private);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  if (!*failed || is_dropped(**failed)) *failed = message->err;
}

// Its text is not needed: each step returns its own error.
void on_error(rd_kafka_t* client, int code, const char* why, void*) noexcept {
  try {
    note_client_error(client, to_error(static_cast<rd_kafka_resp_err_t>(code), why == nullptr ? "" : why));
  } catch (const std::exception&) {
    // Out of memory.
  }
}

Error error_of(const rd_kafka_error_t* error, const std::string& what) {
  Error out = to_error(rd_kafka_error_code(error), what);
  if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__FENCED) out.kind = ErrorKind::Fatal;
  return out;
}

}  // namespace

Result<TransactionalProducer> TransactionalProducer::open(const ConnectionSettings& connection, const std::string& id,
                                                          Duration timeout, const std::stop_token& stop, Clock& clock,
                                                          Log& log) {
  auto conf = transaction_conf(connection, id, log);
  if (!conf) return tl::make_unexpected(conf.error());
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);
  // rd_kafka_flush() passes errors to nothing else.
  rd_kafka_conf_set_error_cb(conf->get(), on_error);
  auto client = make_client(RD_KAFKA_PRODUCER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  TransactionalProducer made(*std::move(client), timeout, clock);
  const Status ready = made.repeat([&] { return rd_kafka_init_transactions(made.client_.get(), kTransactionStepMs); },
                                   "preparing transactions", stop);
  if (!ready) return tl::make_unexpected(ready.error());
  return made;
}

// Calls `step` as long as its error says that it goes on in the background.
template <typename Step>
Status TransactionalProducer::repeat(Step step, const char* what, const std::stop_token& stop) {
  const SteadyTime deadline = clock_.steady_now() + timeout_;
  while (const LibraryError error{step()}) {
    rd_kafka_poll(client_.get(), 0);  // runs both callbacks; as events, delivery reports would be lost
    const bool goes_on = rd_kafka_error_is_retriable(error.get()) != 0 && clock_.steady_now() < deadline;
    if (!goes_on) return tl::make_unexpected(error_of(error.get(), what));
    if (stop.stop_requested()) return failure(ErrorKind::Stopping, std::string(what) + " was interrupted");
  }
  return {};
}

Status TransactionalProducer::begin() {
  failed_->reset();
  const LibraryError error(rd_kafka_begin_transaction(client_.get()));
  if (error) return tl::make_unexpected(error_of(error.get(), "beginning a transaction"));
  return {};
}

Status TransactionalProducer::produce(const std::string& topic, std::optional<Partition> partition,
                                      const ProducerRecordView& record) {
  const LibraryError error = produce_call(client_.get(), topic, partition, record, failed_.get());
  if (!error) return {};
  if (!*failed_) *failed_ = rd_kafka_error_code(error.get());
  return tl::make_unexpected(error_of(error.get(), "producing to " + topic));
}

Status TransactionalProducer::flush() {
  const SteadyTime deadline = clock_.steady_now() + timeout_;
  while (rd_kafka_flush(client_.get(), kTransactionStepMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (clock_.steady_now() < deadline) continue;
    return tl::make_unexpected(to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, "waiting for the brokers"));
  }
  return {};
}

Status TransactionalProducer::commit() {
  if (const Status flushed = flush(); !flushed) return flushed;
  if (!*failed_) {
    return repeat([&] { return rd_kafka_commit_transaction(client_.get(), kTransactionStepMs); },
                  "committing a transaction");
  }
  // The library (2.15.1) may drop records of the next transaction for this failure: the caller opens another producer.
  const Error why = to_error(**failed_, "delivering a record");
  const Status aborted =
      repeat([&] { return rd_kafka_abort_transaction(client_.get(), kTransactionStepMs); }, "aborting a transaction");
  return aborted ? tl::make_unexpected(why) : aborted;
}

}  // namespace freshet::kafka

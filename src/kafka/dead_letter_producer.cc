#include "kafka/dead_letter_producer.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "kafka/client_config.h"
#include "kafka/error_table.h"

namespace freshet::kafka {
namespace {

void* as_opaque(uint64_t ticket) { return reinterpret_cast<void*>(ticket); }
uint64_t as_ticket(const void* opaque) { return reinterpret_cast<uint64_t>(opaque); }

// The library copies; its C type is not const.
auto bytes_of(const std::optional<std::string>& bytes) {
  decltype(rd_kafka_vu_t::u.mem) mem{};
  if (bytes) mem = {const_cast<char*>(bytes->data()), bytes->size()};
  return mem;
}

void add_header(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(value.size()));
}

HeaderList headers_of(const DeadLetter& letter, const std::string& consumer_group) {
  HeaderList headers(rd_kafka_headers_new(letter.headers.size() + 6));
  for (const auto& [name, value] : letter.headers) {
    rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value ? value->data() : nullptr,
                        value ? static_cast<ssize_t>(value->size()) : 0);
  }
  add_header(headers.get(), "original_topic", letter.topic);
  add_header(headers.get(), "original_partition", std::to_string(letter.partition.value));
  add_header(headers.get(), "original_offset", std::to_string(letter.offset.value));
  add_header(headers.get(), "original_timestamp", std::to_string(letter.timestamp_ms));
  add_header(headers.get(), "reason", letter.reason);
  add_header(headers.get(), "consumer_group", consumer_group);
  return headers;
}

class DeadLetterProducer final : public DeadLetters {
 public:
  DeadLetterProducer(const KafkaSettings& settings, OnResult on_result, Log& log, Client client)
      : settings_(settings), on_result_(std::move(on_result)), log_(log) {
    attach(std::move(client));
  }

  ~DeadLetterProducer() override { detach(); }

  Status produce(const DeadLetter& letter, uint64_t ticket) override {
    if (broken_.load()) {
      if (const Status rebuilt = rebuild(); !rebuilt) return rebuilt;
    }
    HeaderList headers = headers_of(letter, settings_.consumer_group);
    std::array<rd_kafka_vu_t, 6> message{};
    message[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    message[0].u.cstr = settings_.dead_letter_topic.c_str();
    message[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    message[1].u.i = RD_KAFKA_MSG_F_COPY;
    message[2].vtype = RD_KAFKA_VTYPE_KEY;
    message[2].u.mem = bytes_of(letter.key);
    message[3].vtype = RD_KAFKA_VTYPE_VALUE;
    message[3].u.mem = bytes_of(letter.payload);
    message[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    message[4].u.headers = headers.get();
    message[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
    message[5].u.ptr = as_opaque(ticket);
    const LibraryError error(rd_kafka_produceva(client_.get(), message.data(), message.size()));
    if (error) return tl::make_unexpected(describe(rd_kafka_error_code(error.get())));
    (void)headers.release();  // the message's now
    return {};
  }

 private:
  void attach(Client client) {
    client_ = std::move(client);
    queue_.reset(rd_kafka_queue_get_main(client_.get()));
    broken_.store(false);
    thread_ = std::jthread([this](std::stop_token stop) { serve(stop); });
  }

  void detach() {
    thread_.request_stop();
    rd_kafka_queue_yield(queue_.get());
    thread_ = std::jthread();
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    queue_.reset();
    client_.reset();
  }

  // A fatal error of the idempotent producer ends the client. What it held has been reported as not taken.
  Status rebuild() {
    auto conf = producer_conf(settings_.connection, log_);
    if (!conf) return tl::make_unexpected(conf.error());
    auto client = make_client(RD_KAFKA_PRODUCER, *std::move(conf));
    if (!client) return tl::make_unexpected(client.error());
    detach();
    attach(*std::move(client));
    return {};
  }

  Error describe(rd_kafka_resp_err_t code) const {
    Error error = to_error(code, fmt::format("dead letter to {}", settings_.dead_letter_topic));
    if (error.kind == ErrorKind::Renew) error.kind = ErrorKind::Retry;
    return error;
  }

  void serve(std::stop_token stop) {
    while (!stop.stop_requested()) {
      const Event event(rd_kafka_queue_poll(queue_.get(), 1000));
      if (!event) continue;
      if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) {
        while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get())) {
          Status result;
          if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) result = tl::make_unexpected(describe(message->err));
          on_result_(as_ticket(message->_private), std::move(result));
        }
      } else if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
        if (rd_kafka_event_error_is_fatal(event.get()) != 0) {
          rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
          broken_.store(true);
        }
        log_.warn(
            "dead_letter_producer",
            {{"topic", settings_.dead_letter_topic},
             {"error", to_error(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get())).text}});
      }
    }
  }

  const KafkaSettings settings_;
  const OnResult on_result_;
  Log& log_;
  Client client_;
  Queue queue_;
  std::atomic<bool> broken_{false};
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<DeadLetters>> open_dead_letters(const KafkaSettings& settings, DeadLetters::OnResult on_result,
                                                       Log& log) {
  auto conf = producer_conf(settings.connection, log);
  if (!conf) return tl::make_unexpected(conf.error());
  auto client = make_client(RD_KAFKA_PRODUCER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  return std::make_unique<DeadLetterProducer>(settings, std::move(on_result), log, *std::move(client));
}

}  // namespace freshet::kafka

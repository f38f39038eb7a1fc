#include "kafka/client_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/threads.h"
#include "kafka/kafka_events.h"
#include "kafka/message_batch.h"
#include "kafka/oauth_token.h"
#include "kafka/statistics.h"

namespace freshet::kafka {
namespace {

struct Owned {
  std::string_view key;
  std::string_view instead;
};

// Properties that freshet's guarantees depend on, or that have their own setting.
constexpr std::array kOwned = {
    Owned{"enable.auto.commit", "freshet commits offsets after ClickHouse has the rows; this cannot be changed"},
    Owned{"enable.auto.offset.store", "freshet commits offsets after ClickHouse has the rows; this cannot be changed"},
    Owned{"auto.offset.reset", "use --auto-offset-reset"},
    Owned{"group.id", "use --consumer-group"},
    Owned{"group.instance.id", "use --group-instance-id"},
    Owned{"bootstrap.servers", "use --bootstrap-server"},
    Owned{"metadata.broker.list", "use --bootstrap-server"},
    Owned{"max.poll.interval.ms", "use --max-poll-interval-ms"},
    Owned{"enable.partition.eof", "freshet needs it"},
    Owned{"sasl.password", "use --kafka-sasl-password-file or FRESHET_KAFKA_SASL_PASSWORD"},
};

// message.max.bytes applies to producing, but the library refuses a consumer if it is above fetch.max.bytes.
constexpr const char* kUsualMaxMessage = "200000";
constexpr uint64_t kMessageOverhead = 512;  // the library's own, per message in its queue
// How long the library does not fetch after it has found its queue full. At a gigabyte a second the queue of the
// default memory limit becomes empty in about this time; looking more often costs CPU time.
constexpr const char* kQueueBackoffMs = "5";

constexpr int kHasQueueBackoff = 0x02020000;  // the first version with fetch.queue.backoff.ms

// Properties that only newer libraries have.
bool is_of_kip_848(const std::string& key) {
  return key.starts_with("group.protocol") || key == "group.remote.assignor";
}

std::string advice(const std::string& key) {
  if (is_of_kip_848(key)) {
    return fmt::format(
        "; the group protocol of KIP-848 needs librdkafka 2.4 or later, this is {}: leave it out, or build with "
        "-DFRESHET_LIBRDKAFKA=bundled",
        rd_kafka_version_str());
  }
  return fmt::format("; CONFIGURATION.md of librdkafka {} lists the properties", rd_kafka_version_str());
}

class Builder {
 public:
  explicit Builder(Log& log) : conf_(rd_kafka_conf_new()) {
    rd_kafka_conf_set_opaque(conf_.get(), &log);
    rd_kafka_conf_set_log_cb(conf_.get(),
                             [](const rd_kafka_t* rk, int level, const char* fac, const char* text) noexcept {
                               auto* sink = static_cast<Log*>(rd_kafka_opaque(rk));
                               if (sink == nullptr) return;
                               // Errors that matter arrive as events and are reported there; these lines are for
                               // debugging.
                               sink->emit(LibraryLog{level, fac, text});
                             });
  }

  Builder& set(const std::string& key, const std::string& value) {
    if (error_.empty()) {
      std::array<char, 512> text{};
      const auto result = rd_kafka_conf_set(conf_.get(), key.c_str(), value.c_str(), text.data(), text.size());
      if (result != RD_KAFKA_CONF_OK) {
        // An unknown property may be a misspelt secret.
        const bool shown = (result != RD_KAFKA_CONF_UNKNOWN || is_of_kip_848(key)) && !is_secret(key);
        error_ = fmt::format("kafka.{}={}: {}{}", key, shown ? value : "***", text.data(), advice(key));
      }
    }
    return *this;
  }
  Builder& set_if(const std::string& key, const std::string& value) { return value.empty() ? *this : set(key, value); }

  Builder& connection(const ConnectionSettings& s) {
    set("bootstrap.servers", s.bootstrap_servers).set("client.id", "freshet").set("socket.keepalive.enable", "true");
    set("reconnect.backoff.ms", "100").set("reconnect.backoff.max.ms", "5000");
    set("topic.metadata.refresh.interval.ms", "10000");  // maximum delay until a new topic or partition is seen
    set_if("security.protocol", s.security_protocol).set_if("sasl.mechanism", s.sasl_mechanism);
    set_if("sasl.username", s.sasl_username).set_if("sasl.password", s.sasl_password.reveal());
    set_if("ssl.ca.location", s.ssl_ca_file).set_if("ssl.certificate.location", s.ssl_cert_file);
    set_if("ssl.key.location", s.ssl_key_file);
    if (const auto source = TokenSource::of(s)) take_tokens_from(conf_.get(), *source);
    return *this;
  }

  // `consumer` false: consumer-only properties are dropped silently.
  Builder& extra(const ConnectionSettings& s, bool consumer) {
    for (const auto& [key, value] : s.extra) {
      const auto owned =
          std::find_if(kOwned.begin(), kOwned.end(), [&name = key](const Owned& o) { return o.key == name; });
      if (owned != kOwned.end() && error_.empty()) {
        error_ = fmt::format("kafka.{}: this property is freshet's own; {}", key, owned->instead);
      }
      if (!consumer && (key.starts_with("fetch.") || key.starts_with("queued.") || key.starts_with("partition.") ||
                        key.starts_with("group.") || key.starts_with("session.") || key.starts_with("heartbeat."))) {
        continue;
      }
      set(key, value);
    }
    return *this;
  }

  Result<Conf> done() {
    if (!error_.empty()) return failure(ErrorKind::Fatal, error_);
    return std::move(conf_);
  }
  rd_kafka_conf_t* get() { return conf_.get(); }

 private:
  Conf conf_;
  std::string error_;
};

}  // namespace

bool fetches_on_from_full_queue() { return rd_kafka_version() >= kHasQueueBackoff; }

Result<Conf> consumer_conf(const KafkaSettings& settings, const std::string& instance_id, Log& log) {
  Builder builder(log);
  builder.connection(settings.connection)
      .set("group.id", settings.consumer_group)
      .set_if("group.instance.id", instance_id)
      .set("max.poll.interval.ms", std::to_string(settings.max_poll_interval.count()))
      .set("enable.auto.commit", "false")
      .set("enable.auto.offset.store", "false")
      // freshet decides where a partition starts (start_positions.h), not the library.
      .set("auto.offset.reset", "error")
      .set("enable.partition.eof", "true")
      .set("allow.auto.create.topics", "false")
      // Limits the library's queue and one request in flight: enough for a fast network, small compared with the memory
      // limit. queued.max.messages.kbytes counts payloads only, so the number of messages is limited as well.
      .set("queued.max.messages.kbytes", std::to_string(fetch_queue_bytes(settings.memory_limit) / 1024))
      .set("queued.min.messages", std::to_string(fetch_queue_bytes(settings.memory_limit) / kMessageOverhead))
      .set("fetch.max.bytes", std::to_string(kFetchBytes))
      .set("max.partition.fetch.bytes", std::to_string(kFetchBytes))
      .set("fetch.wait.max.ms", "100")
      .set_if("fetch.queue.backoff.ms", fetches_on_from_full_queue() ? kQueueBackoffMs : "")
      .extra(settings.connection, true)
      .set("message.max.bytes", kUsualMaxMessage)
      .set("statistics.interval.ms", kStatisticsIntervalMs);  // for the gauges and the watchdog
  rd_kafka_conf_set_events(builder.get(), RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE |
                                              RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR |
                                              RD_KAFKA_EVENT_STATS);
  tell_batches_of_rebalances(builder.get());
  return builder.done();
}

Result<Conf> producer_conf(const ConnectionSettings& settings, Log& log) {
  Builder builder(log);
  builder.connection(settings)
      .set("acks", "all")
      .set("enable.idempotence", "true")
      .set("compression.codec", "lz4")
      .set("linger.ms", "20")
      .set("message.timeout.ms", "0")          // no limit: the offset is not committed before the record is stored
      .set("message.max.bytes", "1000000000")  // the topic limits the size, not the client
      .set("batch.size", "65536")              // max.message.bytes of a topic applies to whole batches
      .set("allow.auto.create.topics", "false")
      .extra(settings, false)
      .set("statistics.interval.ms", kStatisticsIntervalMs);
  rd_kafka_conf_set_events(builder.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
  return builder.done();
}

Result<Conf> transaction_conf(const ConnectionSettings& settings, const std::string& id, Log& log) {
  Builder builder(log);
  builder.connection(settings)
      .set("compression.codec", "lz4")
      .set("message.max.bytes", "1000000000")  // the topic limits the size, not the client
      .set("batch.size", "65536")              // max.message.bytes of a topic applies to whole batches
      .set("allow.auto.create.topics", "false")
      .extra(settings, false)
      .set("transactional.id", id)
      .set("transaction.timeout.ms", "60000");
  rd_kafka_conf_set_events(builder.get(), RD_KAFKA_EVENT_ERROR);
  return builder.done();
}

Result<Conf> lookup_conf(const ConnectionSettings& settings, Log& log, ReadAhead ahead) {
  const bool much = ahead == ReadAhead::Much;
  Builder builder(log);
  rd_kafka_conf_set_events(builder.get(), RD_KAFKA_EVENT_ERROR);
  builder.connection(settings)
      .set("enable.auto.commit", "false")
      .set("auto.offset.reset", "error")
      .set("enable.partition.eof", "true")
      .set("allow.auto.create.topics", "false")
      .set("queued.min.messages", much ? "100000" : "1")
      .set("queued.max.messages.kbytes", much ? "16384" : "1024")
      .set("fetch.message.max.bytes", much ? "1048576" : "262144")
      .set("fetch.max.bytes", much ? "4194304" : "1048576")
      .set("fetch.wait.max.ms", "100")  // how soon the end of a partition is known
      // A full queue, which one message makes, would cost a second.
      .set_if("fetch.queue.backoff.ms", rd_kafka_version() >= kHasQueueBackoff ? "5" : "")
      .extra(settings, true)
      .set("message.max.bytes", kUsualMaxMessage);
  return builder.done();
}

namespace {

// Threads of the client itself, one per bootstrap server, and some for brokers that it discovers.
size_t threads_of(const rd_kafka_conf_t* conf) {
  constexpr size_t kOwn = 8;
  std::array<char, 4096> brokers{};
  size_t size = brokers.size();
  if (rd_kafka_conf_get(conf, "bootstrap.servers", brokers.data(), &size) != RD_KAFKA_CONF_OK) return kOwn;
  return kOwn + static_cast<size_t>(std::count(brokers.begin(), brokers.end(), ','));
}

}  // namespace

Result<Client> make_client(rd_kafka_type_t type, Conf conf) {
  // The library aborts the process if a thread is refused (rd_kafka_broker_add_logical of 2.0.2).
  if (Status room = room_for_threads(threads_of(conf.get())); !room) {
    room.error().kind = ErrorKind::Renew;
    return tl::make_unexpected(room.error());
  }
  std::array<char, 512> text{};
  Client client(rd_kafka_new(type, conf.get(), text.data(), text.size()));
  // Another thread may have taken the slots between the check and the call.
  if (!client && rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE) {
    return failure(ErrorKind::Renew, refused_thread(text.data()));
  }
  if (!client) return failure(ErrorKind::Fatal, fmt::format("librdkafka refuses its configuration: {}", text.data()));
  (void)conf.release();  // the client owns it now
  if (const Status served = serve_token_requests(client.get()); !served) return tl::make_unexpected(served.error());
  return client;
}

Status check_connection_settings(const KafkaSettings& settings) {
  auto conf = consumer_conf(settings, settings.group_instance_id, null_log());
  if (!conf) return tl::make_unexpected(conf.error());
  auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  return {};
}

}  // namespace freshet::kafka

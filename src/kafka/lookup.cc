#include "kafka/lookup.h"

#include <fmt/format.h>

#include "kafka/client_config.h"
#include "kafka/error_table.h"
#include "kafka/oauth_token.h"

namespace freshet::kafka {
namespace {

// The client's error events explain more than the timeout of a lookup: a rejected login, a name that cannot be
// resolved. An error that names a cause is preferred over "down" and "broken".
Error explain(rd_kafka_t* client, rd_kafka_resp_err_t code, const std::string& what) {
  Error error = to_error(code, what);
  const Queue queue(rd_kafka_queue_get_main(client));
  while (const Event event{rd_kafka_queue_poll(queue.get(), 0)}) {
    const auto why = rd_kafka_event_error(event.get());
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR || why == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
      continue;
    error = to_error(event.get());
    note_client_error(client, error);
    error.text = fmt::format("{}: {}", what, error.text);
    if (why != RD_KAFKA_RESP_ERR__TRANSPORT) break;
  }
  return error;
}

}  // namespace

int milliseconds_of(Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

Result<Client> lookup_client(const ConnectionSettings& connection, Log& log) {
  auto conf = lookup_conf(connection, log);
  if (!conf) return tl::make_unexpected(conf.error());
  return make_client(RD_KAFKA_CONSUMER, *std::move(conf));
}

Result<Metadata> topic_metadata(rd_kafka_t* client, const std::string& topic, Duration timeout) {
  const std::string what = "looking up topic " + topic;
  const Topic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client, 0, handle.get(), &raw, milliseconds_of(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::make_unexpected(explain(client, error, what));
  Metadata metadata(raw);
  if (metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt < 1) {
    return tl::make_unexpected(to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, what));
  }
  return metadata;
}

}  // namespace freshet::kafka

#include "kafka/forgotten_brokers.h"

#include <string>

#include "kafka/kafka_events.h"

namespace freshet::kafka {
namespace {

std::string bootstrap_servers(rd_kafka_t* client) {
  constexpr const char* kProperty = "bootstrap.servers";
  const rd_kafka_conf_t* const conf = rd_kafka_conf(client);
  size_t size = 0;
  if (rd_kafka_conf_get(conf, kProperty, nullptr, &size) != RD_KAFKA_CONF_OK || size == 0) return {};
  std::string servers(size, '\0');
  if (rd_kafka_conf_get(conf, kProperty, servers.data(), &size) != RD_KAFKA_CONF_OK) return {};
  servers.resize(size - 1);  // the size includes the zero byte
  return servers;
}

}  // namespace

void add_bootstrap_servers(rd_kafka_t* client, Log& log) {
  const std::string servers = bootstrap_servers(client);
  log.emit(BrokersForgotten{rd_kafka_name(client), servers});
  rd_kafka_brokers_add(client, servers.c_str());
}

}  // namespace freshet::kafka

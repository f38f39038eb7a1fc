#include "snuba/connections.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace freshet::snuba {
namespace {

// Read elsewhere, because they belong to the consumer and not to the connection.
constexpr std::array kElsewhere = {"bootstrap.servers", "metadata.broker.list", "group.id", "group.instance.id",
                                   "max.poll.interval.ms"};
// freshet sets these itself; its guarantees depend on them.
constexpr std::array kOurs = {"enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset",
                              "enable.partition.eof", "statistics.interval.ms"};

std::string* field_of(const std::string& property, kafka::ConnectionSettings& c) {
  if (property == "security.protocol") return &c.security_protocol;
  if (property == "sasl.mechanism" || property == "sasl.mechanisms") return &c.sasl_mechanism;
  if (property == "sasl.username") return &c.sasl_username;
  if (property == "ssl.ca.location") return &c.ssl_ca_file;
  if (property == "ssl.certificate.location") return &c.ssl_cert_file;
  if (property == "ssl.key.location") return &c.ssl_key_file;
  return nullptr;
}

}  // namespace

std::string normalised_servers(const std::string& servers) {
  std::string out;
  std::istringstream list(servers);
  for (std::string one; std::getline(list, one, ',');) {
    one.erase(std::remove_if(one.begin(), one.end(), [](unsigned char c) { return std::isspace(c); }), one.end());
    if (one.empty()) continue;
    const std::string host = one.substr(one.rfind('/') + 1);  // after PROTOCOL://
    if (host.find(':') == std::string::npos || host.ends_with(']')) one += ":9092";
    out += (out.empty() ? "" : ",") + one;
  }
  return out;
}

void add_brokers(const BrokerConfig& brokers, kafka::ConnectionSettings& connection,
                 std::vector<std::string>& notices) {
  if (connection.bootstrap_servers.empty()) {
    if (const auto found = brokers.find("bootstrap.servers"); found != brokers.end()) {
      connection.bootstrap_servers = normalised_servers(found->second);
    }
  }
  for (const auto& [property, value] : brokers) {
    const auto is = [&property = property](const char* one) { return property == one; };
    if (std::any_of(kElsewhere.begin(), kElsewhere.end(), is)) continue;
    if (std::any_of(kOurs.begin(), kOurs.end(), is)) {
      notices.push_back(
          fmt::format("broker config: {}={}: accepted, without effect: freshet sets it itself", property, value));
    } else if (property == "sasl.password") {
      if (connection.sasl_password.empty()) connection.sasl_password = value;
    } else if (std::string* field = field_of(property, connection); field != nullptr) {
      if (field->empty()) *field = value;
    } else {
      connection.extra.emplace(property, value);
    }
  }
}

}  // namespace freshet::snuba

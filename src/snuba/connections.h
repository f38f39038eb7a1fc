// Translates Snuba's broker configuration to freshet's settings.
#pragma once

#include <string>
#include <vector>

#include "kafka/kafka_settings.h"
#include "snuba/snuba_settings.h"

namespace freshet::snuba {

// HOST:PORT[,HOST:PORT...] without blanks and empty parts; the default port is 9092.
std::string normalised_servers(const std::string& servers);

// A property that has its own field in the settings fills the field if it is empty; other properties go to `extra` if
// they are not set there. Properties that freshet sets itself are dropped and listed in `notices`.
void add_brokers(const BrokerConfig& brokers, kafka::ConnectionSettings& connection, std::vector<std::string>& notices);

}  // namespace freshet::snuba

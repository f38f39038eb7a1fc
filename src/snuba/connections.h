// From Snuba's broker configuration to ours.
#pragma once

#include <string>
#include <vector>

#include "kafka/kafka_settings.h"
#include "snuba/snuba_settings.h"

namespace freshet::snuba {

// HOST:PORT[,HOST:PORT...] as our settings want it: without blanks and empty parts, 9092 where there is no port.
std::string normalised_servers(const std::string& servers);

// Properties that our settings have a field for go there, where the field is empty; the others to `extra`, where they
// are not there yet. What freshet decides itself is left out and said in `notices`.
void add_brokers(const BrokerConfig& brokers, kafka::ConnectionSettings& connection, std::vector<std::string>& notices);

}  // namespace freshet::snuba

// From our settings to librdkafka's configuration.
#pragma once

#include <string>

#include "base/log.h"
#include "base/result.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

// Where the library's own log lines go: `log` outlives the client. Errors of kind Fatal name the property and its value
// (never a secret).
// `instance_id`: group.instance.id, empty = dynamic member.
Result<Conf> consumer_conf(const KafkaSettings& settings, const std::string& instance_id, Log& log);
Result<Conf> producer_conf(const ConnectionSettings& settings, Log& log);
// For look-ups: no group, no side effects.
Result<Conf> lookup_conf(const ConnectionSettings& settings, Log& log);

// Builds the client; the conf is consumed. Fatal when the library refuses (for example a missing certificate file);
// Renew when the system has no room for its threads.
Result<Client> make_client(rd_kafka_type_t type, Conf conf);

// What can be known without a broker: unknown properties, bad values, properties that are ours.
Status check_connection_settings(const KafkaSettings& settings);

}  // namespace freshet::kafka

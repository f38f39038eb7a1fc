// Translates freshet's settings to librdkafka's configuration.
#pragma once

#include <string>

#include "base/log.h"
#include "base/result.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

// `log` gets the library's log lines and must outlive the client. Fatal: the text names the property and its value
// (never a secret). `instance_id`: group.instance.id, empty = dynamic member.
Result<Conf> consumer_conf(const KafkaSettings& settings, const std::string& instance_id, Log& log);
Result<Conf> producer_conf(const ConnectionSettings& settings, Log& log);
// For lookups: no group, no side effects.
Result<Conf> lookup_conf(const ConnectionSettings& settings, Log& log);

// Creates the client and consumes the conf. Fatal: the library refuses (for example a missing certificate file). Renew:
// the system has no room for its threads.
Result<Client> make_client(rd_kafka_type_t type, Conf conf);

// Checks that need no broker: unknown properties, invalid values, properties that freshet sets itself.
Status check_connection_settings(const KafkaSettings& settings);

}  // namespace freshet::kafka

// Translates freshet's settings to librdkafka's configuration.
#pragma once

#include <string>

#include "base/log.h"
#include "base/result.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

// `log` gets the library's log lines and must outlive the client. `instance_id`: group.instance.id, empty = dynamic
// member. Fatal: the text names the property and its value, but never a secret.
Result<Conf> consumer_conf(const KafkaSettings& settings, const std::string& instance_id, Log& log);
// The library goes on fetching soon after its full queue has room again. librdkafka before 2.2 may wait for a second.
bool fetches_on_from_full_queue();
Result<Conf> producer_conf(const ConnectionSettings& settings, Log& log);
// A producer with this transactional.id.
Result<Conf> transaction_conf(const ConnectionSettings& settings, const std::string& id, Log& log);
// How much a client that looks something up may hold in its queue.
enum class ReadAhead {
  Little,  // about a megabyte: it reads a few messages, beside a stream that needs the memory
  Much,    // about 20 MiB: it reads a topic
};
// For lookups: joins no group and commits nothing.
Result<Conf> lookup_conf(const ConnectionSettings& settings, Log& log, ReadAhead ahead = ReadAhead::Little);

// Creates the client, which takes ownership of `conf`. Fatal: the library refuses the configuration (for example, a
// certificate file is missing). Renew: the system refuses threads for it.
Result<Client> make_client(rd_kafka_type_t type, Conf conf);

// Checks that need no broker: unknown properties, invalid values, properties that freshet sets itself.
Status check_connection_settings(const KafkaSettings& settings);

}  // namespace freshet::kafka

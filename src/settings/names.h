// Checks values that name something in Kafka or ClickHouse. The text of an error says how to correct the specific
// mistake.
#pragma once

#include <string>

#include "base/result.h"

namespace freshet::settings {

// HOST:PORT[,HOST:PORT...], with an IPv6 address in brackets.
Status broker_list(const std::string& text);
// The name of one topic, as brokers allow it.
Status topic_name(const std::string& text);
// A mechanism that librdkafka supports, in its spelling.
Status sasl_mechanism(const std::string& text);
// A region of AWS, or auto, which becomes an empty text.
Result<std::string> aws_region(const std::string& text);
// http[s]://HOST[:PORT] and nothing else.
Status url(const std::string& text);

}  // namespace freshet::settings

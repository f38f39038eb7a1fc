// Values that name something of Kafka's or ClickHouse's; an error's text says what would be right for the mistake at
// hand.
#pragma once

#include <string>

#include "base/result.h"

namespace freshet::settings {

// HOST:PORT[,HOST:PORT...], with brackets around an IPv6 address.
Status broker_list(const std::string& text);
// One topic's name, as the broker allows it.
Status topic_name(const std::string& text);
// A mechanism that librdkafka knows, in its spelling.
Status sasl_mechanism(const std::string& text);
// http[s]://HOST[:PORT], nothing else.
Status url(const std::string& text);

}  // namespace freshet::settings

// For tests of what some versions of librdkafka lack.
#pragma once

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

namespace freshet::testkit {

// Why such a test is skipped. Of all skips `./dev system` accepts only those that begin so.
inline std::string librdkafka_lacks(std::string_view what) {
  return fmt::format("librdkafka {} lacks {}", rd_kafka_version_str(), what);
}

}  // namespace freshet::testkit

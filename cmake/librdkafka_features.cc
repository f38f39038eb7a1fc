// Prints the features of the librdkafka that it is linked with: `gzip,ssl,...`. Fails if header and library are of
// different versions.
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>

int main() {
  std::array<char, 1024> features{};
  size_t size = features.size();
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const bool known = rd_kafka_conf_get(conf, "builtin.features", features.data(), &size) == RD_KAFKA_CONF_OK;
  rd_kafka_conf_destroy(conf);
  if (!known || rd_kafka_version() != RD_KAFKA_VERSION) return 1;
  std::puts(features.data());
  return 0;
}

// bare-consumer BOOTSTRAP TOPIC GROUP MESSAGES: measures the minimum cost of a librdkafka consumer. Reads the messages,
// drops them and exits.
#include <cstdlib>

#include "batch_consumer.h"

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const long long messages = std::atoll(argv[4]);
  const size_t bytes = freshet::bench::consume(argv[1], argv[2], argv[3], messages, [](std::string_view) {});
  std::printf("%lld messages, %zu bytes\n", messages, bytes);
}

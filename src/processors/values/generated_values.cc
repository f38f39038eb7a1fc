#include "processors/values/generated_values.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "base/city_hash.h"

namespace freshet::processors {
namespace {

constexpr int64_t kLastOfDateTime = 4'294'967'295'999;  // milliseconds; the column has 32 bits of seconds

template <typename Unit>
int64_t since_1970(SystemTime time) {
  return std::chrono::floor<Unit>(time.time_since_epoch()).count();
}

}  // namespace

GeneratedValues::GeneratedValues(const ProcessorEnvironment& environment)
    : clock_(*environment.clock), delivery_(environment.delivery) {
  begin_chunk();
}

void GeneratedValues::begin_chunk() {
  if (delivery_ == Delivery::AtLeastOnce) chunk_time_ms_ = now_ms();
}

void GeneratedValues::take(const MessageContext& context, const Message& message) {
  topic_ = context.topic;
  partition_ = context.partition.value;
  offset_ = message.offset.value;
  timestamp_ms_ = message.timestamp_ms;
  message_time_ms_ = std::clamp<int64_t>(timestamp_ms_, 0, kLastOfDateTime);
}

SystemTime GeneratedValues::now() const {
  return delivery_ == Delivery::AtLeastOnce ? clock_.system_now()
                                            : SystemTime(std::chrono::milliseconds(message_time_ms_));
}

int64_t GeneratedValues::now_seconds() const { return since_1970<std::chrono::seconds>(now()); }
int64_t GeneratedValues::now_ms() const { return since_1970<std::chrono::milliseconds>(now()); }
int64_t GeneratedValues::now_us() const { return since_1970<std::chrono::microseconds>(now()); }

// The timestamp is part of it because a topic that is deleted and created again has the same offsets again.
Uuid GeneratedValues::id_of_message() const {
  const std::array<int64_t, 3> position = {partition_, offset_, timestamp_ms_};
  const Hash128 hash =
      city_hash_128({reinterpret_cast<const char*>(position.data()), sizeof position}, city_hash_128(topic_));
  std::array<uint8_t, 16> bytes;
  std::memcpy(bytes.data(), &hash.low, sizeof hash.low);
  std::memcpy(bytes.data() + sizeof hash.low, &hash.high, sizeof hash.high);
  return Uuid::version_4(bytes);
}

}  // namespace freshet::processors

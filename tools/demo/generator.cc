#include "generator.h"

#include <algorithm>
#include <chrono>

#include "testkit/kafka_client.h"
#include "testkit/web_events.h"

namespace freshet::demo {
namespace {

constexpr uint64_t kTicksPerSecond = 50;
constexpr int64_t kEventBytes = 550;

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Generator::Generator(Settings settings, std::function<int64_t()> behind)
    : settings_(std::move(settings)),
      behind_(std::move(behind)),
      thread_([this](std::stop_token stop) { generate(stop); }) {}

void Generator::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Generator::generate(std::stop_token stop) {
  testkit::KafkaClient client(settings_.bootstrap);
  testkit::WebEvents events(static_cast<uint64_t>(now_ms()), 500);
  const int64_t max_lead = settings_.max_lead_bytes / kEventBytes * settings_.partitions;
  uint64_t id = 0;
  while (!stop.stop_requested()) {
    const int64_t room = max_lead - behind_();
    const auto share = static_cast<int64_t>(std::max<uint64_t>(1, settings_.per_second / kTicksPerSecond));
    for (int64_t n = std::min(room, share); n > 0; --n, ++id) {
      const bool bad = id % settings_.malformed_every == settings_.malformed_every - 1;
      testkit::Record record;
      record.partition = static_cast<int32_t>(id % static_cast<uint64_t>(settings_.partitions));
      record.value = bad ? events.malformed(id, now_ms()) : events.valid(id, now_ms());
      client.produce(settings_.topic, record);
      (bad ? malformed_ : produced_).fetch_add(1);
      if (bad) produced_.fetch_add(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1000 / kTicksPerSecond));
  }
  client.flush();
}

}  // namespace freshet::demo

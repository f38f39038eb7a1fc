#include "load.h"

#include <exception>

namespace freshet::faults {

Load::Load(const std::string& bootstrap, std::string topic, int partitions, std::chrono::microseconds every,
           MessageForm form)
    : client_(bootstrap, {{"log_level", "2"}}),  // disconnections are expected
      topic_(std::move(topic)),
      every_(every),
      form_(form),
      partitions_(partitions),
      wanted_(partitions),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

uint64_t Load::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return next_;
}

void Load::run(const std::stop_token& stop) {
  auto due = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    if (const int wanted = wanted_; wanted != partitions_) {
      try {
        if (client_.partitions(topic_) >= wanted) partitions_ = wanted;
      } catch (const std::exception&) {  // the broker is away
      }
    }
    const uint64_t id = next_.fetch_add(1);
    client_.produce(topic_, {static_cast<int32_t>(id % static_cast<uint64_t>(partitions_)),
                             -1,
                             std::nullopt,
                             message_of(id, form_),
                             {},
                             0});
    due += every_;
    std::this_thread::sleep_until(due);
  }
  try {
    client_.flush();
    all_sent_ = true;
  } catch (const std::exception&) {  // all_sent_ tells
  }
}

}  // namespace freshet::faults

#include "telemetry/statsd_sender.h"

#include <utility>

#include "base/threads.h"
#include "telemetry/telemetry_events.h"

namespace freshet::telemetry {

StatsdSender::StatsdSender(const StatsdSettings& settings, std::function<AssignedPartitions()> assigned, Clock& clock,
                           Log& log, Metrics& metrics)
    : assigned_(std::move(assigned)),
      log_(log),
      metrics_(metrics),
      own_metrics_(metrics),
      transport_(settings.address),
      encoder_(settings, transport_.max_payload(settings.june)),
      thread_(needed_thread(
          "statsd", [this, &clock, interval = std::chrono::seconds(settings.june ? 1 : 3)](std::stop_token stop) {
            while (sleep_interruptibly(clock, stop, interval)) flush();
            flush();
          })) {}

void StatsdSender::flush() {
  for (const std::string& payload : encoder_.encode(metrics_, assigned_())) {
    if (const Status sent = transport_.send(payload)) {
      own_metrics_.sent.add();
    } else {
      own_metrics_.dropped.add();
      log_.emit(StatsdNotSent{sent.error().text});
    }
  }
}

}  // namespace freshet::telemetry

#include "app/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/message_text.h"

namespace freshet::app {
namespace {

constexpr size_t kRemembered = 60;
constexpr double kRateSeconds = 2;
constexpr std::array kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

int64_t total_lag(const StreamStatus& status) {
  int64_t lag = 0;
  for (const PartitionStatus& partition : status.partitions) lag += partition.lag.value_or(0);
  return lag;
}

std::string state_of(const StreamStatus& status) {
  if (!status.waiting_for.empty()) return "waiting: " + with_message_texts(status.waiting_for);
  for (const PartitionStatus& partition : status.partitions) {
    if (!partition.blocked.empty())
      return fmt::format("partition {} blocked: {}", partition.partition.value, with_message_texts(partition.blocked));
  }
  if (status.draining) return "draining";
  return status.assigned ? "streaming" : "joining the consumer group";
}

std::string renewal_of(const ConsumerStatus& consumer, uint64_t number) {
  if (!consumer.last_renewal) return number > 1 ? "in progress: it left the group and joins again" : "not renewed yet";
  const RenewalReport& last = *consumer.last_renewal;
  if (last.result != RenewalResult::Renewed) return fmt::format("{}: {}", to_string(last.result), last.error);
  const std::string pause =
      last.pause ? fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(*last.pause).count()) : "-";
  return fmt::format("{}   pause {}   generation {}", to_string(last.mode), pause,
                     last.generation_kept ? "unchanged" : "changed");
}

std::string cut(std::string text, size_t width) {
  if (text.size() <= width) return text;
  return text.substr(0, width - 3) + "...";
}

}  // namespace

void LiveView::remember(const LiveNumbers& numbers) {
  seen_.push_back({numbers.seconds, numbers.status.rows_written});
  while (seen_.size() > 2 && numbers.seconds - seen_[1].seconds >= kRateSeconds) seen_.pop_front();
  const double passed = numbers.seconds - seen_.front().seconds;
  const auto rows = static_cast<double>(numbers.status.rows_written - seen_.front().rows);
  rates_.push_back(passed > 0 ? rows / passed : 0);
  if (rates_.size() > kRemembered) rates_.pop_front();
}

std::string LiveView::sparkline(size_t width) const {
  const double top = std::max(1.0, *std::max_element(rates_.begin(), rates_.end()));
  std::string out;
  const size_t shown = std::min(rates_.size(), width > 2 ? width - 2 : 0);
  for (size_t i = rates_.size() - shown; i < rates_.size(); ++i) {
    const double rate = rates_[i];
    out += kBars[std::min(kBars.size() - 1, static_cast<size_t>(rate / top * static_cast<double>(kBars.size())))];
  }
  return out;
}

std::string LiveView::render(const LiveNumbers& numbers, size_t width) {
  remember(numbers);
  const StreamStatus& s = numbers.status;
  const std::vector<std::string> lines = {
      cut(fmt::format("freshet   {} -> {}   {:.0f} s   {}", s.topic, s.table, numbers.seconds, state_of(s)), width),
      cut(fmt::format("  rate          {:>12.0f} rows/s", rates_.back()), width),
      "  " + sparkline(width),
      cut(fmt::format("  rows          {:>12}            produced        {:>12}", s.rows_written, numbers.produced),
          width),
      cut(fmt::format("  lag           {:>12}            in-flight bytes {:>8.1f} MiB", total_lag(s),
                      static_cast<double>(s.in_flight_bytes) / (1024 * 1024)),
          width),
      cut(fmt::format("  batches       {:>12}            in flight       {:>12}", s.batches_written,
                      s.batches_in_flight),
          width),
      cut(fmt::format("  dead letters  {:>12}            malformed       {:>12}", s.dead_letters, numbers.malformed),
          width),
      cut(fmt::format("  consumer      {:>12}            age             {:>10.0f} s", s.consumer_number,
                      s.consumer_age_seconds),
          width),
      cut(fmt::format("  delivery      {:>12}", numbers.delivery), width),
      cut(fmt::format("  last renewal  {}", renewal_of(numbers.consumer, s.consumer_number)), width),
      cut(fmt::format("  admin page    {}", numbers.admin_address), width),
  };
  std::string out = rendered_lines_ > 0 ? fmt::format("\x1b[{}A", rendered_lines_) : "";
  for (const std::string& line : lines) out += line + "\x1b[K\n";
  rendered_lines_ = lines.size();
  return out;
}

std::string LiveView::line(const LiveNumbers& numbers) {
  remember(numbers);
  const StreamStatus& s = numbers.status;
  return fmt::format(
      "{:>4.0f} s  {:>8.0f} rows/s  rows {}  produced {}  lag {}  in flight {:.1f} MiB  batches {}  dead letters {}  "
      "consumer {} ({})  {}\n",
      numbers.seconds, rates_.back(), s.rows_written, numbers.produced, total_lag(s),
      static_cast<double>(s.in_flight_bytes) / (1024 * 1024), s.batches_written, s.dead_letters, s.consumer_number,
      renewal_of(numbers.consumer, s.consumer_number), state_of(s));
}

}  // namespace freshet::app

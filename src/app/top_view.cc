#include "app/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace freshet::app {
namespace {

struct Sort {
  const char* name;
  bool (*before)(const ProcessView& a, const ProcessView& b);
};

constexpr std::array kSorts = {
    Sort{"as given", [](const ProcessView&, const ProcessView&) { return false; }},
    Sort{"lag", [](const ProcessView& a, const ProcessView& b) { return a.last().lag > b.last().lag; }},
    Sort{"rows/s",
         [](const ProcessView& a, const ProcessView& b) { return a.rows_per_second() > b.rows_per_second(); }},
    Sort{"latency",
         [](const ProcessView& a, const ProcessView& b) {
           return a.last().latency_ms.p95.value_or(0) > b.last().latency_ms.p95.value_or(0);
         }},
    Sort{"trouble first", [](const ProcessView& a, const ProcessView& b) { return !a.last().good && b.last().good; }},
};

constexpr std::string_view kHeading =
    "process                 topic                  rows/s          lag   latency  dead letters  total errors  "
    "blocked  consumer  state";

std::string cut(std::string text, size_t width) {
  if (text.size() <= width) return text;
  size_t end = width > 3 ? width - 3 : 0;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  return text.substr(0, end) + "...";
}

std::string text_of(std::optional<double> ms) {
  if (!ms) return "-";
  return *ms < 10'000 ? fmt::format("{:.0f} ms", *ms) : fmt::format("{:.0f} s", *ms / 1000);
}

std::string line_of(const ProcessView& process) {
  const ProcessAnswer& p = process.last();
  if (!p.error.empty()) return fmt::format("{:<22}  {}", cut(process.address(), 22), p.error);
  return fmt::format("{:<22}  {:<18}  {:>9.0f}  {:>11}  {:>8}  {:>12}  {:>12}  {:>7}  {:>8}  {}",
                     cut(process.address(), 22), cut(p.topic, 18), process.rows_per_second(), p.lag,
                     text_of(p.latency_ms.p95), p.dead_letters, p.insert_errors + p.kafka_errors, p.blocked(),
                     p.consumer_number, p.state);
}

std::string text_of(const Times& times) {
  if (!times.p50) return "";
  return fmt::format("p50 {}, p95 {}, p99 {}", text_of(times.p50), text_of(times.p95), text_of(times.p99));
}

std::vector<std::string> details_of(const ProcessView& process) {
  const ProcessAnswer& p = process.last();
  std::vector<std::string> lines;
  const auto add = [&lines](const char* what, const std::string& text) {
    if (!text.empty()) lines.push_back(fmt::format("  {:<18}{}", what, text));
  };
  add("version", p.version);
  add("group, table", p.group.empty() && p.table.empty() ? "" : fmt::format("{} -> {}", p.group, p.table));
  add("state", p.state);
  add("delivery", p.delivery.empty() ? "" : fmt::format("{}, inserts as {}", p.delivery, p.insert_format));
  add("messages, rows", fmt::format("{} messages, {} rows", p.messages, p.rows));
  add("in flight", fmt::format("{:.1f} MiB", static_cast<double>(p.in_flight_bytes) / (1 << 20)));
  add("broker to table", text_of(p.latency_ms));
  add("insert time", text_of(p.insert_ms));
  add("errors", fmt::format("{} of inserts, {} of Kafka, since the start", p.insert_errors, p.kafka_errors));
  add("dead letters", fmt::format("{} since the start ({:.1f}/s)", p.dead_letters, process.dead_letters_per_second()));
  add("consumer", fmt::format("number {}, {:.0f} s old", p.consumer_number, p.consumer_age_seconds));
  add("last renewal", p.last_renewal);
  add("renewal waits for", p.renewal_waits_for);
  add("last insert error", p.last_insert_error);
  add("last Kafka error", p.last_kafka_error);
  lines.emplace_back();
  lines.emplace_back("  partition      position     committed           lag");
  for (const PartitionLine& one : p.partitions) {
    const auto number = [](const std::optional<int64_t>& n) { return n ? fmt::format("{}", *n) : std::string("-"); };
    lines.push_back(fmt::format("  {:>9}  {:>12}  {:>12}  {:>12}  {}{}", one.partition, one.position,
                                number(one.committed), number(one.lag), one.paused ? "paused " : "",
                                one.blocked.empty() ? "" : "blocked: " + one.blocked));
  }
  return lines;
}

}  // namespace

TopView::TopView(const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) processes_.emplace_back(address);
}

std::vector<size_t> TopView::order() const {
  std::vector<size_t> order(processes_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [this](size_t a, size_t b) { return kSorts[sorted_by_].before(processes_[a], processes_[b]); });
  return order;
}

void TopView::move(int by) {
  const std::vector<size_t> shown = order();
  const auto at = std::find(shown.begin(), shown.end(), selected_) - shown.begin();
  selected_ = shown[static_cast<size_t>(std::clamp<ptrdiff_t>(at + by, 0, static_cast<ptrdiff_t>(shown.size()) - 1))];
}

TopView::Action TopView::press(std::string_view key) {
  message_.clear();
  if (std::exchange(asks_, false)) {
    if (key == "y" || key == "Y") return Action::Renew;
    message_ = "not renewed";
    return Action::None;
  }
  if (key == "q" || key == "\x03") return Action::Quit;
  if (key == "k" || key == "\x1b[A") move(-1);
  if (key == "j" || key == "\x1b[B") move(1);
  if (key == "s") sorted_by_ = (sorted_by_ + 1) % kSorts.size();
  if (key == "d" || key == "\r") details_ = !details_;
  if (key == "r") {
    asks_ = true;
    message_ = fmt::format("renew the Kafka consumer of {}? y/n", processes_[selected_].address());
  }
  return Action::None;
}

std::vector<std::string> TopView::render(TerminalSize size) const {
  std::vector<std::string> lines = {"  " + std::string(kHeading)};
  for (const size_t index : order()) {
    lines.push_back((index == selected_ ? "> " : "  ") + line_of(processes_[index]));
  }
  if (details_) {
    lines.emplace_back();
    for (std::string& line : details_of(processes_[selected_])) lines.push_back(std::move(line));
  }
  if (lines.size() + 2 > size.rows) lines.resize(size.rows > 2 ? size.rows - 2 : 0);
  lines.emplace_back();
  lines.push_back(!message_.empty() ? message_
                                    : fmt::format("up/down select   d details   s sort ({})   r renew   q quit",
                                                  kSorts[sorted_by_].name));
  for (std::string& line : lines) line = cut(std::move(line), size.columns);
  if (lines.size() > size.rows) lines.resize(size.rows);
  return lines;
}

std::vector<std::string> TopView::table() const {
  std::vector<std::string> lines = {std::string(kHeading)};
  for (const size_t index : order()) lines.push_back(line_of(processes_[index]));
  return lines;
}

}  // namespace freshet::app

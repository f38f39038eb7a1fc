// The terminal view of the demo.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "model/status.h"

namespace freshet::app {

struct LiveNumbers {
  StreamStatus status;
  ConsumerStatus consumer;
  uint64_t produced = 0;   // messages produced by the demo's generator
  uint64_t malformed = 0;  // malformed ones among them
  double seconds = 0;      // since the start
  std::string admin_address;
  std::string delivery;  // DeliveryStatus::mode
};

// Threads: one.
class LiveView {
 public:
  // Several lines for a terminal of `width` columns (>= 20). Each call overwrites the previous output with ANSI codes.
  std::string render(const LiveNumbers& numbers, size_t width);
  // One line, for a file or a pipe.
  std::string line(const LiveNumbers& numbers);

 private:
  void remember(const LiveNumbers& numbers);
  std::string sparkline(size_t width) const;  // at most `width` columns

  struct Seen {
    double seconds;
    uint64_t rows;
  };
  std::deque<Seen> seen_;     // the last seconds; smooths the rate, because rows are written in batches
  std::deque<double> rates_;  // rows per second, newest last
  size_t rendered_lines_ = 0;
};

}  // namespace freshet::app

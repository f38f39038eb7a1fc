// The live view of the demo.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "model/status.h"

namespace freshet::app {

struct LiveNumbers {
  StreamStatus status;
  ConsumerStatus consumer;
  uint64_t produced = 0;   // by the demo's generator
  uint64_t malformed = 0;  // of them
  double seconds = 0;      // since the start
  std::string admin_address;
};

// Threads: one.
class LiveView {
 public:
  // Several lines for a terminal of `width` columns (>= 20); each call overwrites the last one with ANSI codes.
  std::string render(const LiveNumbers& numbers, size_t width);
  // One line, for a file or a pipe.
  std::string line(const LiveNumbers& numbers);

 private:
  void remember(const LiveNumbers& numbers);
  std::string sparkline(size_t width) const;  // no wider than that

  struct Seen {
    double seconds;
    uint64_t rows;
  };
  std::deque<Seen> seen_;     // of the last seconds: batches come in steps, the rate must not
  std::deque<double> rates_;  // rows per second, the newest last
  size_t rendered_lines_ = 0;
};

}  // namespace freshet::app

// A process whose admin server is attacked while it waits for its servers, as an orchestrator sees it.
#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "testkit/freshet_process.h"
#include "testkit/hostile_clients.h"
#include "testkit/raw_http.h"

namespace freshet {

using namespace std::chrono_literals;

struct UnderAttack {
  std::vector<std::chrono::milliseconds> health;  // duration of each answer, ascending
  int failed = 0;                                 // status other than 200, three times in a row
  size_t rss_before = 0;                          // bytes
  size_t rss_most = 0;
  uint64_t connections = 0;
  std::chrono::milliseconds end{};        // from SIGTERM to exit, under attack
  std::chrono::milliseconds quiet_end{};  // the same without an attack
  std::optional<int> status;

  std::chrono::milliseconds health_at(double share) const {
    return health.at(static_cast<size_t>(static_cast<double>(health.size() - 1) * share));
  }
  std::string text() const {
    return fmt::format(
        "{} connections; /health {} times: median {}, 99 % {}, longest {}, failed {}; RSS {} -> {} KiB; SIGTERM to end "
        "{} (quiet: {})",
        connections, health.size(), health_at(0.5), health_at(0.99), health_at(1), failed, rss_before / 1024,
        rss_most / 1024, end, quiet_end);
  }
};

class AttackedProcess {
 public:
  AttackedProcess()
      : port_(static_cast<uint16_t>(testkit::free_port())),
        process_({"run", "--bootstrap-server", "127.0.0.1:1", "--topic", "t", "--consumer-group", "g",
                  "--clickhouse-url", "http://127.0.0.1:1", "--table", "default.t", "--admin-listen",
                  fmt::format("127.0.0.1:{}", port_),
                  // Otherwise it waits for the table, with none of its other threads.
                  "--delivery", "at-least-once"}) {
    testkit::wait_until_ready(process_.process(), "freshet", 60s, [&] { return healthy(); });
  }

  uint16_t port() const { return port_; }
  bool healthy() const { return testkit::send_raw(port_, testkit::raw_request("GET", "/health")).status == 200; }
  std::chrono::milliseconds end(std::optional<int>& status) {
    const auto begin = std::chrono::steady_clock::now();
    status = process_.stop();
    return since(begin);
  }
  size_t rss() const {
    std::ifstream file(fmt::format("/proc/{}/statm", process_.process().pid()));
    size_t size = 0;
    size_t resident = 0;
    file >> size >> resident;
    return resident * 4096;
  }
  static std::chrono::milliseconds since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  }

 private:
  uint16_t port_;
  mutable testkit::FreshetProcess process_;
};

inline UnderAttack attack(size_t connections, std::chrono::seconds time) {
  UnderAttack seen;
  {
    AttackedProcess quiet;
    seen.quiet_end = quiet.end(seen.status);
  }
  AttackedProcess attacked;
  for (int i = 0; i < 50; ++i) testkit::send_raw(attacked.port(), testkit::raw_request("GET", "/metrics"));
  seen.rss_before = seen.rss_most = attacked.rss();
  testkit::HostileClients hostile(attacked.port(), connections);
  const auto begin = std::chrono::steady_clock::now();
  // At least so long that connections were opened again.
  while (AttackedProcess::since(begin) < time ||
         (hostile.opened() <= connections && AttackedProcess::since(begin) < 60s)) {
    const auto asked = std::chrono::steady_clock::now();
    // A client that the system stops between its connection and its request is the oldest, which has to go.
    seen.failed += attacked.healthy() || attacked.healthy() || attacked.healthy() ? 0 : 1;
    seen.health.push_back(AttackedProcess::since(asked));
    seen.rss_most = std::max(seen.rss_most, attacked.rss());
    std::this_thread::sleep_for(20ms);
  }
  seen.connections = hostile.opened();
  seen.end = attacked.end(seen.status);
  std::sort(seen.health.begin(), seen.health.end());
  return seen;
}

}  // namespace freshet

// A program started by a test: ends with the test, whatever happens.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace freshet::testkit {

// Standard output and error go to `output_file`. The child dies with this process (PR_SET_PDEATHSIG).
class ChildProcess {
 public:
  ChildProcess(const std::vector<std::string>& command, const std::string& output_file,
               const std::map<std::string, std::string>& environment = {});
  ~ChildProcess();  // kills it
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void signal(int number) const;
  // Exit status, or 128 + signal; empty when it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);
  pid_t pid() const { return pid_; }
  bool running() { return !wait(std::chrono::milliseconds(0)); }
  std::string output() const;
  // What it used; known once it has ended.
  const rusage& usage() const { return usage_; }

 private:
  const std::string output_file_;
  pid_t pid_ = -1;
  std::optional<int> status_;
  rusage usage_{};
};

// A folder of its own under the system's temporary folder; removed with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string path(const std::string& name = {}) const;

 private:
  std::string path_;
};

// A TCP port of loopback that nobody listens on, and that is nobody else's while this process lives: no other test is
// given it, and it lies below those that the system chooses for connections. One of these could otherwise take it while
// its server restarts, even the very connection that a client tries to make to it again and again.
int free_port();

// The path in this environment variable; throws with the advice to run through ./dev when it is not set.
std::string tool_path(const char* variable);

// Asks `ready` every 20 ms; throws with `what` and the child's output when `limit` has passed or the child has ended.
void wait_until_ready(ChildProcess& child, const std::string& what, std::chrono::seconds limit,
                      const std::function<bool()>& ready);
// True when something accepts connections on this port of 127.0.0.1.
bool accepts_connections(int port);

// Asks `ready` every 20 ms; false when `limit` has passed.
bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& ready);

}  // namespace freshet::testkit

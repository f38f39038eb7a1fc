// A program started by a test. It never outlives the test.
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

// Standard output and error go to `output_file`. The kernel kills the child if this process dies (PR_SET_PDEATHSIG).
class ChildProcess {
 public:
  ChildProcess(const std::vector<std::string>& command, const std::string& output_file,
               const std::map<std::string, std::string>& environment = {});
  ~ChildProcess();  // kills the child
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void signal(int number) const;
  // Exit status, or 128 + signal; empty if it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);
  pid_t pid() const { return pid_; }
  bool running() { return !wait(std::chrono::milliseconds(0)); }
  std::string output() const;
  // Resource usage of the child; valid after its end.
  const rusage& usage() const { return usage_; }

 private:
  const std::string output_file_;
  pid_t pid_ = -1;
  std::optional<int> status_;
  rusage usage_{};
};

// A temporary directory, removed with the object.
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

// A loopback TCP port that no process listens on, reserved for this process as long as it lives: no other test gets it,
// and it is below the ports that the kernel assigns to outgoing connections. Otherwise a connection could take the port
// while its server restarts, even a client's own attempt to connect to that port.
int free_port();

// The path in this environment variable. Throws, with the advice to use ./dev, if it is unset or does not exist.
std::string tool_path(const char* variable);

// Calls `ready` every 20 ms. Throws with `what` and the child's output if `limit` passes or the child ends first.
void wait_until_ready(ChildProcess& child, const std::string& what, std::chrono::seconds limit,
                      const std::function<bool()>& ready);
// True if something accepts connections on this port of 127.0.0.1.
bool accepts_connections(int port);

// Calls `ready` every 20 ms; false if `limit` has passed. The limit is for a machine with a free core: on one that has
// several times more to do than cores, it is as many times longer, up to five times.
bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& ready);

}  // namespace freshet::testkit

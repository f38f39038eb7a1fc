// A Python worker process and the socket to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/subprocess.h"

namespace freshet::python_worker {

struct WorkerCommand {
  std::string python = "python3";  // found on the PATH
  std::string module;
  std::string class_name;
  std::vector<std::string> environment;  // NAME=VALUE; the complete environment
  uint64_t memory_limit = 0;             // bytes of data; 0 = no limit
};

// The process ends with the object or with this program. While a call waits for the process, its output is logged line
// by line (`python_output`). Threads: one, which must outlive the object; any thread may call interrupt().
class WorkerProcess {
 public:
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  // Starts the process and waits for its first frame. Errors: Fatal if python is missing or the class cannot be loaded;
  // Retry if the process does not start in time.
  static Result<std::unique_ptr<WorkerProcess>> start(const WorkerCommand& command, Clock& clock, Log& log,
                                                      Duration timeout);

  // Sends a frame and waits for the response. Errors: Retry if the process died, timed out, or sent something other
  // than a frame; the object must not be used after an error.
  Result<std::string> ask(std::string_view body, Duration timeout);
  // Makes a waiting ask() fail.
  void interrupt() noexcept;

 private:
  WorkerProcess(int socket, int output, Subprocess process, Clock& clock, Log& log)
      : clock_(clock), log_(log), socket_(socket), output_(output), process_(std::move(process)) {}
  Status send_all(std::string_view bytes, SteadyTime deadline);
  Status receive(char* out, size_t size, SteadyTime deadline);
  Result<std::string> receive_frame(SteadyTime deadline);
  Status wait_for(short events, SteadyTime deadline);
  bool read_output();  // false: no output is available
  void log_lines(bool last);

  Clock& clock_;
  Log& log_;
  const int socket_;
  const int output_;
  bool output_closed_ = false;
  std::string printed_;  // output that does not end with a line feed yet
  Subprocess process_;
};

}  // namespace freshet::python_worker

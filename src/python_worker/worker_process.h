// A Python process that turns messages into rows, and the socket to it.
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
  std::vector<std::string> environment;  // NAME=VALUE; the process gets no other variables
  uint64_t memory_limit = 0;             // bytes of data; 0 = no limit
};

// The process ends with the object or with this program. Its output is logged line by line (`python_output`) while the
// object waits for it. Threads: one, which must live as long as the object; interrupt() may be called by any thread.
class WorkerProcess {
 public:
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  // Starts the process and waits for its hello. Fatal: python is missing, or the class cannot be loaded. Retry: it did
  // not start in time.
  static Result<std::unique_ptr<WorkerProcess>> start(const WorkerCommand& command, Clock& clock, Log& log,
                                                      Duration timeout);

  // Sends a frame and waits for the answer. Retry: the process died, took too long, or sent something other than a
  // frame. It must not be used after that.
  Result<std::string> ask(std::string_view body, Duration timeout);
  // Ends a waiting ask() with an error.
  void interrupt() noexcept;

 private:
  WorkerProcess(int socket, int output, Subprocess process, Clock& clock, Log& log)
      : clock_(clock), log_(log), socket_(socket), output_(output), process_(std::move(process)) {}
  Status send_all(std::string_view bytes, SteadyTime deadline);
  Status receive(char* out, size_t size, SteadyTime deadline);
  Result<std::string> receive_frame(SteadyTime deadline);
  Status wait_for(short events, SteadyTime deadline);
  bool read_output();  // false: there is no output
  void log_lines(bool last);

  Clock& clock_;
  Log& log_;
  const int socket_;
  const int output_;
  bool output_closed_ = false;
  std::string printed_;  // an incomplete line
  Subprocess process_;
};

}  // namespace freshet::python_worker

// One Python process that turns messages into rows, and the socket to it.
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
  std::vector<std::string> environment;  // NAME=VALUE; it has no others
  uint64_t memory_limit = 0;             // bytes of data; 0 = no limit
};

// The process ends with the object, at the latest, and with this program. What it prints becomes lines of the log
// (`python_output`), whenever it is waited for. Threads: one, which lives as long as the object; but interrupt() by
// any.
class WorkerProcess {
 public:
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  // Starts it and waits for its hello. Fatal: python is missing, or the class cannot be loaded. Retry: it did not start
  // in time.
  static Result<std::unique_ptr<WorkerProcess>> start(const WorkerCommand& command, Clock& clock, Log& log,
                                                      Duration timeout);

  // Sends a frame and waits for the one that answers it. Retry: it died, took too long, or sent no frame; it is of no
  // use any more then.
  Result<std::string> ask(std::string_view body, Duration timeout);
  // An ask() that waits ends with an error soon.
  void interrupt() noexcept;

 private:
  WorkerProcess(int socket, int output, Subprocess process, Clock& clock, Log& log)
      : clock_(clock), log_(log), socket_(socket), output_(output), process_(std::move(process)) {}
  Status send_all(std::string_view bytes, SteadyTime deadline);
  Status receive(char* out, size_t size, SteadyTime deadline);
  Result<std::string> receive_frame(SteadyTime deadline);
  Status wait_for(short events, SteadyTime deadline);
  bool read_output();  // false: there is nothing
  void say_lines(bool last);

  Clock& clock_;
  Log& log_;
  const int socket_;
  const int output_;
  bool output_closed_ = false;
  std::string printed_;  // no whole line yet
  Subprocess process_;
};

}  // namespace freshet::python_worker

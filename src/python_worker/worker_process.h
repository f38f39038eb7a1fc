// One Python process that turns messages into rows, and the socket to it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace freshet::python_worker {

struct WorkerCommand {
  std::string python = "python3";  // found on the PATH
  std::string module;
  std::string class_name;
};

// The process ends with the object, at the latest; it also ends by itself when this program is gone, since its socket
// is. Threads: one; but interrupt() by any, while the object lives.
class WorkerProcess {
 public:
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  // Starts it and waits for its hello. Fatal: python is missing, or the class cannot be loaded. Retry: it did not start
  // in time.
  static Result<std::unique_ptr<WorkerProcess>> start(const WorkerCommand& command, Clock& clock, Duration timeout);

  // Sends a frame and waits for the one that answers it. Retry: it died, took too long, or sent no frame; it is of no
  // use any more then.
  Result<std::string> ask(std::string_view body, Duration timeout);
  // An ask() that waits ends with an error soon.
  void interrupt() noexcept;

 private:
  WorkerProcess(int socket, pid_t pid, Clock& clock) : clock_(clock), socket_(socket), pid_(pid) {}
  Status send_all(std::string_view bytes, SteadyTime deadline);
  Status receive(char* out, size_t size, SteadyTime deadline);
  Result<std::string> receive_frame(SteadyTime deadline);
  Status wait_for(short events, SteadyTime deadline);

  Clock& clock_;
  const int socket_;
  const pid_t pid_;
};

}  // namespace freshet::python_worker

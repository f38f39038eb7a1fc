#include "python_worker/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "python_worker/frames.h"
#include "python_worker/python_worker_events.h"
#include "python_worker/worker_script.h"

namespace freshet::python_worker {
namespace {

constexpr int kWorkerSocket = 3;
constexpr size_t kMaxLine = 4000;  // longer output lines are truncated

Result<Subprocess> spawn(const WorkerCommand& command, int socket, int output) {
  SubprocessPlan plan;
  plan.words = {command.python, "-u", "-c", kWorkerScript, command.module, command.class_name};
  plan.environment = command.environment;
  plan.memory_limit = command.memory_limit;
  plan.descriptors = {
      {STDIN_FILENO, kNullDevice}, {STDOUT_FILENO, output}, {STDERR_FILENO, output}, {kWorkerSocket, socket}};
  auto started = Subprocess::start(plan);
  if (started) return started;
  return failure(ErrorKind::Fatal, fmt::format("{}: {}; install Python 3, or name its program with --python",
                                               command.python, started.error().text));
}

class Ends {
 public:
  ~Ends() {
    for (const int fd : {ours, theirs}) {
      if (fd >= 0) close(fd);
    }
  }
  int keep() { return std::exchange(ours, -1); }

  int ours = -1;
  int theirs = -1;
};

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const WorkerCommand& command, Clock& clock, Log& log,
                                                            Duration timeout) {
  Ends socket;
  Ends output;
  std::array<int, 2> pair{-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return failure(ErrorKind::Retry,
                   fmt::format("cannot create a socket for a Python worker: {}", std::strerror(errno)));
  }
  socket.ours = pair[0];
  socket.theirs = pair[1];
  if (pipe2(pair.data(), O_CLOEXEC) != 0) {
    return failure(ErrorKind::Retry, fmt::format("cannot create a pipe for a Python worker: {}", std::strerror(errno)));
  }
  output.ours = pair[0];
  output.theirs = pair[1];
  fcntl(output.ours, F_SETFL, O_NONBLOCK);
  auto process = spawn(command, socket.theirs, output.theirs);
  if (!process) return tl::make_unexpected(process.error());
  std::unique_ptr<WorkerProcess> worker(
      new WorkerProcess(socket.keep(), output.keep(), *std::move(process), clock, log));
  close(std::exchange(socket.theirs, -1));
  close(std::exchange(output.theirs, -1));
  const auto hello = worker->receive_frame(clock.steady_now() + timeout);
  if (!hello) return tl::make_unexpected(hello.error());
  if (const Status loaded = check_hello(*hello); !loaded) {
    return failure(ErrorKind::Fatal,
                   fmt::format("{}.{} cannot be used: {}", command.module, command.class_name, loaded.error().text));
  }
  return worker;
}

WorkerProcess::~WorkerProcess() {
  while (read_output()) {
  }
  log_lines(true);
  close(socket_);
  close(output_);
}

void WorkerProcess::interrupt() noexcept { shutdown(socket_, SHUT_RDWR); }

Result<std::string> WorkerProcess::ask(std::string_view body, Duration timeout) {
  const SteadyTime deadline = clock_.steady_now() + timeout;
  const auto size = static_cast<uint32_t>(body.size());
  std::array<char, 4> head;
  std::memcpy(head.data(), &size, head.size());
  if (const Status sent = send_all({head.data(), head.size()}, deadline); !sent)
    return tl::make_unexpected(sent.error());
  if (const Status sent = send_all(body, deadline); !sent) return tl::make_unexpected(sent.error());
  return receive_frame(deadline);
}

Status WorkerProcess::wait_for(short events, SteadyTime deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_.steady_now()).count();
    if (left <= 0) return failure(ErrorKind::Retry, "the Python worker took too long");
    std::array<pollfd, 2> fds{pollfd{socket_, events, 0}, pollfd{output_closed_ ? -1 : output_, POLLIN, 0}};
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return failure(ErrorKind::Retry, std::strerror(errno));
    if (ready > 0 && fds[1].revents != 0) output_closed_ = !read_output();
    if (ready > 0 && fds[0].revents != 0) return {};
  }
}

// Called while waiting for the response, so that a class that prints a lot does not block on a full pipe.
bool WorkerProcess::read_output() {
  std::array<char, 16'384> bytes;
  const ssize_t got = read(output_, bytes.data(), bytes.size());
  if (got <= 0) return false;
  printed_.append(bytes.data(), static_cast<size_t>(got));
  log_lines(false);
  return true;
}

void WorkerProcess::log_lines(bool last) {
  size_t begin = 0;
  for (size_t end = 0; (end = printed_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    log_.emit(WorkerOutput{std::string_view(printed_).substr(begin, std::min(end - begin, kMaxLine))});
  }
  printed_.erase(0, begin);
  if (printed_.empty() || (!last && printed_.size() <= kMaxLine)) return;
  log_.emit(WorkerOutput{std::string_view(printed_).substr(0, kMaxLine)});
  printed_.clear();
}

Status WorkerProcess::send_all(std::string_view bytes, SteadyTime deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return failure(ErrorKind::Retry, "the Python worker died");
    if (const Status ready = wait_for(POLLOUT, deadline); !ready) return ready;
  }
  return {};
}

Status WorkerProcess::receive(char* out, size_t size, SteadyTime deadline) {
  while (size > 0) {
    const ssize_t got = recv(socket_, out, size, MSG_DONTWAIT);
    if (got > 0) {
      out += got;
      size -= static_cast<size_t>(got);
      continue;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) return failure(ErrorKind::Retry, "the Python worker died");
    if (const Status ready = wait_for(POLLIN, deadline); !ready) return ready;
  }
  return {};
}

Result<std::string> WorkerProcess::receive_frame(SteadyTime deadline) {
  uint32_t size = 0;
  if (const Status got = receive(reinterpret_cast<char*>(&size), sizeof size, deadline); !got) {
    return tl::make_unexpected(got.error());
  }
  if (size > kMaxFrame) return failure(ErrorKind::Retry, "the Python worker sent an invalid frame");
  std::string body(size, '\0');
  if (const Status got = receive(body.data(), body.size(), deadline); !got) return tl::make_unexpected(got.error());
  return body;
}

}  // namespace freshet::python_worker

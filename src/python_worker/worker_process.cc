#include "python_worker/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <vector>

#include "python_worker/frames.h"
#include "python_worker/worker_script.h"

namespace freshet::python_worker {
namespace {

constexpr int kWorkerSocket = 3;

// Everything that a new process is given, released at the end of the scope.
class SpawnPlan {
 public:
  explicit SpawnPlan(int socket) {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // What the class prints goes where the log goes.
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, socket, kWorkerSocket);
    posix_spawn_file_actions_addclosefrom_np(&actions, kWorkerSocket + 1);
    // A Ctrl-C on the terminal is ours to handle: the worker is still needed for the drain.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

Result<pid_t> spawn(const WorkerCommand& command, int socket) {
  const SpawnPlan plan(socket);
  std::vector<std::string> words{command.python, "-u", "-c", kWorkerScript, command.module, command.class_name};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, command.python.c_str(), &plan.actions, &plan.attributes, argv.data(), environ);
  if (error == 0) return pid;
  return failure(ErrorKind::Fatal, fmt::format("{}: {}; install Python 3 or name its program with --python",
                                               command.python, std::strerror(error)));
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const WorkerCommand& command, Clock& clock,
                                                            Duration timeout) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return failure(ErrorKind::Retry, fmt::format("no socket for a Python worker: {}", std::strerror(errno)));
  }
  const auto pid = spawn(command, pair[1]);
  close(pair[1]);
  if (!pid) {
    close(pair[0]);
    return tl::make_unexpected(pid.error());
  }
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess(pair[0], *pid, clock));
  const auto hello = worker->receive_frame(clock.steady_now() + timeout);
  if (!hello) return tl::make_unexpected(hello.error());
  if (const Status loaded = check_hello(*hello); !loaded) {
    return failure(ErrorKind::Fatal,
                   fmt::format("{}.{} cannot be used: {}", command.module, command.class_name, loaded.error().text));
  }
  return worker;
}

WorkerProcess::~WorkerProcess() {
  close(socket_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
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
    if (left <= 0) return failure(ErrorKind::Retry, "the Python worker takes too long");
    pollfd one{socket_, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return failure(ErrorKind::Retry, std::strerror(errno));
  }
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
  if (size > kMaxFrame) return failure(ErrorKind::Retry, "the Python worker sent what is no frame");
  std::string body(size, '\0');
  if (const Status got = receive(body.data(), body.size(), deadline); !got) return tl::make_unexpected(got.error());
  return body;
}

}  // namespace freshet::python_worker

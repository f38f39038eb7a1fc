#include "testkit/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace freshet::testkit {
namespace {

// How much longer everything takes because others use the cores, too.
double times_slower() {
  constexpr double kMost = 5;
  double waiting = 0;  // tasks, on average of the last minute
  std::ifstream("/proc/loadavg") >> waiting;
  return std::clamp(waiting / std::max(1U, std::thread::hardware_concurrency()), 1.0, kMost);
}

int loopback_socket(int port, sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

constexpr int kPortsBelow = 16'000;
constexpr int kPortAttempts = 1'000;

// The first port that the kernel assigns to outgoing connections.
int first_port_of_connections() {
  int first = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first;
  constexpr int kUsual = 32'768;
  return first > kPortsBelow + 1'024 && first <= kUsual ? first : kUsual;
}

// Reserves the port among all tests on this machine by binding an abstract socket to a name. -1 = taken.
int reserve(int port) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = fmt::format("freshet-test-port-{}", port);
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0) return fd;
  close(fd);
  return -1;
}

bool can_be_bound(int port) {
  sockaddr_in address{};
  const int fd = loopback_socket(port, address);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return bound;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::string& output_file,
                           const std::map<std::string, std::string>& environment)
    : output_file_(output_file) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (!environment.contains(text.substr(0, text.find('=')))) variables.push_back(text);
  }
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> argv;
  std::vector<char*> envp;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& variable : variables) envp.push_back(const_cast<char*>(variable.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const int out = open(output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Ctrl-C in the terminal is for the parent, which still needs its servers: the demo counts the rows at its end.
    setpgid(0, 0);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(out, 1);
    dup2(out, 2);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(out);
}

ChildProcess::~ChildProcess() {
  if (status_) return;
  signal(SIGCONT);
  signal(SIGKILL);
  wait(std::chrono::seconds(30));
}

void ChildProcess::signal(int number) const {
  if (!status_) kill(pid_, number);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds limit) {
  eventually(limit, [this] {
    if (status_) return true;
    int status = 0;
    if (wait4(pid_, &status, WNOHANG, &usage_) != pid_) return false;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  });
  return status_;
}

std::string ChildProcess::output() const {
  std::ostringstream text;
  text << std::ifstream(output_file_).rdbuf();
  return text.str();
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "freshet-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
  std::filesystem::permissions(path_, std::filesystem::perms(0755));
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::path(const std::string& name) const { return name.empty() ? path_ : path_ + "/" + name; }

int free_port() {
  static std::mutex mutex;
  static std::vector<int> reservations;  // sockets that hold the names until this process ends
  const std::lock_guard lock(mutex);
  const int first_of_connections = first_port_of_connections();
  const int lowest = first_of_connections - kPortsBelow;
  std::random_device random;
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    const int port = lowest + static_cast<int>(random() % kPortsBelow);
    const int reservation = reserve(port);
    if (reservation < 0) continue;
    if (can_be_bound(port)) {
      reservations.push_back(reservation);
      return port;
    }
    close(reservation);
  }
  throw std::runtime_error("no free port");
}

std::string tool_path(const char* variable) {
  const char* value = getenv(variable);
  if (value == nullptr || !std::filesystem::exists(value)) {
    throw std::runtime_error(fmt::format("{} is not set to something that exists; run through ./dev test", variable));
  }
  return value;
}

bool accepts_connections(int port) {
  sockaddr_in address{};
  const int fd = loopback_socket(port, address);
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& ready) {
  const auto begun = std::chrono::steady_clock::now();
  while (!ready()) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun;
    if (passed >= limit && passed >= limit * times_slower()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

void wait_until_ready(ChildProcess& child, const std::string& what, std::chrono::seconds limit,
                      const std::function<bool()>& ready) {
  if (eventually(limit, [&] { return !child.running() || ready(); }) && child.running()) return;
  const std::string output = child.output();
  throw std::runtime_error(
      fmt::format("{} did not start:\n{}", what, output.substr(output.size() - std::min<size_t>(output.size(), 4000))));
}

}  // namespace freshet::testkit

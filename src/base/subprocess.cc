#include "base/subprocess.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace freshet {
namespace {

// The form that exec() needs; `words` owns the bytes.
std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

// Everything that the child needs, prepared before fork(), because the child must not allocate.
struct Prepared {
  std::vector<std::string> words;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<std::pair<int, int>> descriptors;  // the child's, ours
  std::vector<int> copies;
  int first_free = 0;  // above all descriptors of the child
  uint64_t memory_limit = 0;
  pid_t parent = 0;
};

Prepared prepare(const SubprocessPlan& plan) {
  Prepared p;
  p.words = plan.words;
  p.environment = plan.environment;
  p.argv = pointers(p.words);
  p.envp = pointers(p.environment);
  p.descriptors.assign(plan.descriptors.begin(), plan.descriptors.end());
  p.copies.resize(p.descriptors.size());
  for (const auto& [child, ours] : p.descriptors) p.first_free = std::max(p.first_free, child + 1);
  p.memory_limit = plan.memory_limit;
  p.parent = getpid();
  return p;
}

void limit(int resource, uint64_t value) {
  const rlimit both{value, value};
  setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

void signals_as_at_a_login() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &usual, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Puts the plan's descriptors at their numbers, `report` after them, and closes all others.
bool place_descriptors(Prepared& p, int& report) {
  const int out_of_the_way = p.first_free + 1;
  report = fcntl(report, F_DUPFD_CLOEXEC, out_of_the_way);
  for (size_t i = 0; i < p.descriptors.size(); ++i) {
    const int ours = p.descriptors[i].second;
    const int opened = ours == kNullDevice ? open("/dev/null", O_RDWR | O_CLOEXEC) : ours;
    p.copies[i] = fcntl(opened, F_DUPFD_CLOEXEC, out_of_the_way);
  }
  for (size_t i = 0; i < p.descriptors.size(); ++i) {
    if (dup2(p.copies[i], p.descriptors[i].first) < 0) return false;
  }
  report = dup3(report, p.first_free, O_CLOEXEC);
  return report >= 0 && close_range(static_cast<unsigned>(out_of_the_way), ~0U, 0) == 0;
}

[[noreturn]] void become(Prepared& p, int report) {
  setpgid(0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // inherited across exec()
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != p.parent) _exit(127);
  signals_as_at_a_login();
  limit(RLIMIT_CORE, 0);
  if (p.memory_limit > 0) limit(RLIMIT_DATA, p.memory_limit);
  if (place_descriptors(p, report)) execvpe(p.argv[0], p.argv.data(), p.envp.data());
  const int error = errno;
  if (write(report, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

// The parent's pid in /proc/PID/stat: "PID (NAME) STATE PARENT ...", where NAME may contain any character.
pid_t parent_in(const std::string& stat) {
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 4 >= stat.size()) return -1;
  return std::atoi(stat.c_str() + name_end + 4);
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const pid_t pid = std::atoi(at->path().filename().c_str());
    if (pid <= 0) continue;
    std::ifstream file(at->path() / "stat");
    std::string stat;
    std::getline(file, stat);
    if (parent_in(stat) == parent) children.push_back(pid);
  }
  return children;
}

// Stops each process before it looks for its children, so that no new ones appear.
void kill_with_descendants(pid_t pid) {
  if (kill(pid, SIGSTOP) != 0) return;
  for (const pid_t child : children_of(pid)) kill_with_descendants(child);
  kill(pid, SIGKILL);
}

tl::unexpected<Error> failed(int error) { return failure(ErrorKind::Fatal, std::strerror(error), error); }

}  // namespace

Result<Subprocess> Subprocess::start(const SubprocessPlan& plan) {
  Prepared prepared = prepare(plan);
  std::array<int, 2> report{-1, -1};
  if (pipe2(report.data(), O_CLOEXEC) != 0) return failed(errno);
  const pid_t pid = fork();
  if (pid == 0) become(prepared, report[1]);
  const int fork_error = errno;
  close(report[1]);
  int error = 0;
  ssize_t got = -1;
  if (pid > 0) {
    while ((got = read(report[0], &error, sizeof error)) < 0 && errno == EINTR) {
    }
  }
  close(report[0]);
  if (pid < 0) return failed(fork_error);
  Subprocess child(pid);
  if (got > 0) return failed(error);
  return child;
}

Subprocess::Subprocess(Subprocess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Subprocess::~Subprocess() {
  if (pid_ <= 0) return;
  kill_with_descendants(pid_);
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

// glibc has a function for it from 2.36 on.
int Subprocess::open_end() const { return static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)); }

int Subprocess::wait() {
  int status = 0;
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  kill(-pid_, SIGKILL);  // processes left in its group; the number cannot be reused yet
  waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace freshet

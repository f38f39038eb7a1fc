#include "secrets/secret_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/files.h"
#include "base/secret_mask.h"
#include "base/subprocess.h"

extern char** environ;

namespace freshet::secrets {
namespace {

constexpr std::string_view kExec = "exec:";
constexpr size_t kMostErrors = 4096;  // bytes of standard error that are kept
constexpr size_t kMostShown = 300;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close_now(); }
  void close_now() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// One stream of the command's output. Bytes beyond `most` are read and dropped: without a reader the command would
// fail.
struct Output {
  Descriptor ours;
  Descriptor theirs;
  size_t most = 0;
  std::string text;
  bool too_long = false;

  bool open() {
    std::array<int, 2> ends{-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    ours = Descriptor(ends[0]);
    theirs = Descriptor(ends[1]);
    return fcntl(ours.get(), F_SETFL, O_NONBLOCK) == 0;
  }
  // Reads what is there. The pipe is closed at its end.
  void read_available() {
    std::array<char, 4096> bytes;
    while (ours.get() >= 0) {
      const ssize_t got = read(ours.get(), bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return ours.close_now();
      const size_t room = most - text.size();
      text.append(bytes.data(), std::min(room, static_cast<size_t>(got)));
      if (room >= static_cast<size_t>(got)) continue;
      too_long = true;
      return;  // a command that writes without end does not keep us here
    }
  }
};

std::vector<std::string> environment_for_command() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("FRESHET_")) variables.emplace_back(*entry);
  }
  return variables;
}

// In one line, without what the command wrote as the secret.
std::string shown_errors(const std::string& errors, std::string secret) {
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  std::string text = SecretMask({secret}).masked(errors);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text.substr(0, kMostShown);
}

class Running {
 public:
  Running() {
    out_.most = kMaxSecretFile;
    errors_.most = kMostErrors;
  }

  Status start(std::vector<std::string> words) {
    if (!out_.open() || !errors_.open()) return failed(std::strerror(errno));
    SubprocessPlan plan;
    program_ = words.front();
    plan.words = std::move(words);
    plan.environment = environment_for_command();
    plan.descriptors = {
        {STDIN_FILENO, kNullDevice}, {STDOUT_FILENO, out_.theirs.get()}, {STDERR_FILENO, errors_.theirs.get()}};
    auto child = Subprocess::start(plan);
    if (!child) return failed(child.error().text);
    child_.emplace(*std::move(child));
    out_.theirs.close_now();
    errors_.theirs.close_now();
    end_ = Descriptor(child_->open_end());
    return end_.get() >= 0 ? Status() : failed(std::strerror(errno));
  }

  Result<std::string> finish(const std::stop_token& stop, Duration limit) {
    const Descriptor stopped(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const std::stop_callback on_stop(stop, [fd = stopped.get()]() noexcept { eventfd_write(fd, 1); });
    const RealClock clock;
    const SteadyTime deadline = clock.steady_now() + limit;
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now()).count();
      if (stop.stop_requested()) return failure(ErrorKind::Stopping, "stopping");
      if (left <= 0) return failed(fmt::format("takes longer than {:g} s", to_seconds(limit)));
      std::array<pollfd, 4> fds{pollfd{out_.ours.get(), POLLIN, 0}, pollfd{errors_.ours.get(), POLLIN, 0},
                                pollfd{end_.get(), POLLIN, 0}, pollfd{stopped.get(), POLLIN, 0}};
      if (poll(fds.data(), fds.size(), static_cast<int>(left)) < 0 && errno != EINTR) {
        return failed(std::strerror(errno));
      }
      out_.read_available();
      errors_.read_available();
      if (out_.too_long) return failed(fmt::format("writes more than {} bytes", out_.most));
      if ((fds[2].revents & POLLIN) != 0) return ended();
    }
  }

 private:
  Result<std::string> ended() {
    out_.read_available();
    errors_.read_available();
    const int status = child_->wait();
    if (status != 0) return failed(fmt::format("ends with status {}", status));
    return std::move(out_.text);
  }

  tl::unexpected<Error> failed(const std::string& why) const {
    const std::string errors = shown_errors(errors_.text, out_.text);
    return failure(ErrorKind::Retry, fmt::format("the command {}: {}{}{}", program_.empty() ? "cannot start" : program_,
                                                 why, errors.empty() ? "" : ": ", errors));
  }

  Output out_;
  Output errors_;
  std::string program_;
  std::optional<Subprocess> child_;
  Descriptor end_;  // readable once the command has ended
};

}  // namespace

std::optional<std::string_view> command_in(std::string_view from) {
  if (!from.starts_with(kExec)) return std::nullopt;
  return from.substr(kExec.size());
}

Result<std::vector<std::string>> words_of(std::string_view command) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (const char c : command) {
    if (quote != 0 ? c == quote : c == '\'' || c == '"') {
      quote = quote != 0 ? '\0' : c;
      if (!in_word) words.emplace_back();
      in_word = true;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      in_word = false;
    } else {
      if (!in_word) words.emplace_back();
      in_word = true;
      words.back() += c;
    }
  }
  if (quote != 0) return failure(ErrorKind::Fatal, fmt::format("its command has a {} without its end", quote));
  if (words.empty() || words.front().empty()) return failure(ErrorKind::Fatal, "names no command");
  return words;
}

Result<std::string> run_command(std::string_view command, const std::stop_token& stop, Duration limit) {
  auto words = words_of(command);
  if (!words) return tl::make_unexpected(words.error());
  Running running;
  if (const Status started = running.start(*std::move(words)); !started) return tl::make_unexpected(started.error());
  return running.finish(stop, limit);
}

}  // namespace freshet::secrets

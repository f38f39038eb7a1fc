#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/clock.h"

namespace freshet {
namespace {

constexpr Duration kWriterMayTake = std::chrono::seconds(2);

tl::unexpected<Error> unreadable(int error) {
  return failure(ErrorKind::Retry, fmt::format("cannot be read: {}", std::strerror(error)), error);
}

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// False if nothing arrived in time.
bool wait_for_bytes(int fd, const Clock& clock, SteadyTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now()).count();
  if (left <= 0) return false;
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, static_cast<int>(left)) > 0 || errno == EINTR;
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Status no_regular_file(mode_t mode) {
  return failure(ErrorKind::Retry, fmt::format("is {}; name a regular file", kind_of(mode)));
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t most) {
  const OpenFile file(path);
  if (file.get() < 0) return unreadable(errno);
  const RealClock clock;
  const SteadyTime deadline = clock.steady_now() + kWriterMayTake;
  std::string content;
  std::array<char, 65'536> bytes;
  while (true) {
    const ssize_t got = read(file.get(), bytes.data(), bytes.size());
    if (got == 0) return content;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno != EAGAIN) return unreadable(errno);
    if (got > 0) content.append(bytes.data(), static_cast<size_t>(got));
    if (content.size() > most) return failure(ErrorKind::Retry, fmt::format("holds more than {} bytes", most));
    if (got < 0 && !wait_for_bytes(file.get(), clock, deadline)) {
      return failure(ErrorKind::Retry, "cannot be read: its writer does not finish");
    }
  }
}

Result<std::string> read_secret(const std::string& path, SecretForm form) {
  auto secret = read_file(path, kMaxSecretFile);
  if (!secret) return secret;
  return as_secret(*std::move(secret), form);
}

Result<std::string> as_secret(std::string text, SecretForm form) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) return failure(ErrorKind::Retry, "is empty");
  if (form == SecretForm::OneLine && !is_one_line(text)) {
    return failure(ErrorKind::Retry, "holds a line break or another control character within the secret");
  }
  return text;
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

Status check_regular_file(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return unreadable(errno);
  if (!S_ISREG(found.st_mode)) return no_regular_file(found.st_mode);
  const OpenFile file(path);
  if (file.get() < 0) return unreadable(errno);
  return {};
}

Status touch_file(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) == 0) {
    if (!S_ISREG(found.st_mode)) return no_regular_file(found.st_mode);
    if (utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0) return {};
    if (errno != ENOENT) return failure(ErrorKind::Retry, std::strerror(errno), errno);
  } else if (errno != ENOENT) {
    return failure(ErrorKind::Retry, std::strerror(errno), errno);
  }
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
  if (fd < 0) return failure(ErrorKind::Retry, std::strerror(errno), errno);
  close(fd);
  return {};
}

std::optional<Exposure> exposure_of(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return std::nullopt;
  return exposure_of({found.st_uid, found.st_gid, found.st_mode}, geteuid());
}

std::optional<Exposure> exposure_of(const FileAccess& file, uid_t self) {
  const auto may = [&](mode_t bits) { return (file.mode & bits) != 0; };
  // A file of root that a group may read is the usual way to give a secret to an unprivileged process. Root sees the
  // same when it runs `freshet check` for a service.
  const bool for_a_service = file.owner == 0 && file.group != 0;
  const bool own_group_reads = may(S_IRGRP) && file.owner == self && !for_a_service;
  const bool every_user = may(S_IROTH | S_IWOTH);
  if (!every_user && !may(S_IWGRP) && !own_group_reads) return std::nullopt;
  Exposure exposure;
  exposure.who = may(S_IWOTH)   ? "can be changed by every user"
                 : every_user   ? "can be read by every user"
                 : may(S_IWGRP) ? "can be changed by its group"
                                : "can be read by its group";
  exposure.mode = own_group_reads ? "go-rwx" : !every_user ? "g-w" : may(S_IWGRP) ? "o-rwx,g-w" : "o-rwx";
  return exposure;
}

bool open_standard_descriptors() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", O_RDWR) != fd) return false;  // the lowest free number; children inherit it
  }
  return true;
}

}  // namespace freshet

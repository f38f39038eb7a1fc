#include "snuba/python_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/subprocess.h"
#include "settings/values.h"

namespace freshet::snuba {
namespace {

// Runs the file, with stand-ins for Snuba's settings modules after the installed ones, and prints its upper-case names.
constexpr const char* kHelper = R"PY(
import json, os, runpy, signal, sys, traceback, types

def truth(name):
    return os.environ.get(name, "").lower() in ("true", "1")

def value(name, fallback=None):
    return os.environ.get(name) or fallback

def base():
    return {
        "BROKER_CONFIG": {
            "bootstrap.servers": value("DEFAULT_BROKERS", "127.0.0.1:9092"),
            "security.protocol": value("KAFKA_SECURITY_PROTOCOL", "plaintext"),
            "ssl.ca.location": value("KAFKA_SSL_CA_PATH", ""),
            "ssl.certificate.location": value("KAFKA_SSL_CERT_PATH", ""),
            "ssl.key.location": value("KAFKA_SSL_KEY_PATH", ""),
            "sasl.mechanism": value("KAFKA_SASL_MECHANISM"),
            "sasl.username": value("KAFKA_SASL_USERNAME"),
            "sasl.password": value("KAFKA_SASL_PASSWORD"),
        },
        "KAFKA_BROKER_CONFIG": {},
        "KAFKA_TOPIC_MAP": {},
        "CLUSTERS": [{
            "host": value("CLICKHOUSE_HOST", "127.0.0.1"),
            "port": int(value("CLICKHOUSE_PORT", 9000)),
            "http_port": int(value("CLICKHOUSE_HTTP_PORT", 8123)),
            "user": value("CLICKHOUSE_USER", "default"),
            "password": value("CLICKHOUSE_PASSWORD", ""),
            "database": value("CLICKHOUSE_DATABASE", "default"),
            "secure": truth("CLICKHOUSE_SECURE"),
            "single_node": True,
            "storage_sets": set(),
        }],
        "SENTRY_DSN": value("SENTRY_DSN"),
        "DEFAULT_RETENTION_DAYS": 90,
        "LOWER_RETENTION_DAYS": 30,
        "VALID_RETENTION_DAYS": {30, 90},
        "RECORD_COGS": truth("RECORD_COGS"),
        "PROJECT_STACKTRACE_BLACKLIST": set(),
        "ENFORCE_RETENTION": False,
        "DISCARD_OLD_EVENTS": True,
        "TRANSACT_SKIP_CONTEXT_STORE": {},
        "REDIS_HOST": value("REDIS_HOST", "127.0.0.1"),
        "REDIS_PORT": int(value("REDIS_PORT", 6379)),
        "REDIS_PASSWORD": value("REDIS_PASSWORD"),
        "REDIS_DB": int(value("REDIS_DB", 1)),
        "REDIS_CLUSTERS": {"config": None},
    }

def self_hosted():
    days = int(value("SENTRY_EVENT_RETENTION_DAYS", 90))
    return {"DEFAULT_RETENTION_DAYS": days, "LOWER_RETENTION_DAYS": min(days, 30),
            "VALID_RETENTION_DAYS": {days, 30, 60}}

def stand_in(name, content, package=False):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    module.__all__ = [key for key in content if key.isupper()] or list(content)
    if package:
        module.__path__ = []
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)

def statsd_address():
    address = value("SNUBA_STATSD_ADDR")
    if address:
        host, _, port = address.partition(":")
        return host, int(port or 8125)
    host = value("DOGSTATSD_HOST")
    return (host, int(value("DOGSTATSD_PORT", 8125))) if host else (None, None)

try:
    import snuba.settings
except ImportError:
    for name in [key for key in sys.modules if key == "snuba" or key.startswith("snuba.")]:
        del sys.modules[name]
    stand_in("snuba", {}, True)
    stand_in("snuba.settings", base(), True)
    for variant in ("self_hosted", "docker"):
        stand_in("snuba.settings.settings_" + variant, {**base(), **self_hosted()})
    stand_in("snuba.utils", {}, True)
    stand_in("snuba.utils.metrics", {}, True)
    stand_in("snuba.utils.metrics.addr_config", {"get_statsd_addr": statsd_address})

def plain(x):
    if isinstance(x, dict):
        return {str(key): plain(one) for key, one in x.items()}
    if isinstance(x, (list, tuple, set, frozenset)):
        return [plain(one) for one in x]
    return x if x is None or isinstance(x, (bool, int, float, str)) else str(x)

out = sys.stdout
sys.stdout = sys.stderr
path, this = sys.argv[1], os.getpid()

# The message of an exception may contain a password: only its type, its line, and a name that Python itself adds.
def described(error):
    text = type(error).__name__
    name = error.name if type(error) in (NameError, AttributeError, ImportError, ModuleNotFoundError) else None
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, KeyError) and error.args and frames and os.path.basename(frames[-1].filename) in ("os.py", "<frozen os>"):
        name = error.args[0]
    if isinstance(name, str) and name.replace(".", "_").isidentifier():
        text += " (%s)" % name
    if isinstance(error, ModuleNotFoundError) and isinstance(error.name, str):
        text = "ModuleNotFoundError: No module named %r" % error.name
    lines = [frame.lineno for frame in frames if frame.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path:
        lines.append(error.lineno)
    return text + (" in line %s" % lines[-1] if lines else "")

# Reports the end and waits to be killed, so that everything the file started is still a descendant.
def end(status):
    out.flush()
    os.write(3, status)
    while True:
        signal.pause()

try:
    names = runpy.run_path(path)
    if os.getpid() != this:
        os._exit(0)  # a child that the file forked, and that continues here
    text = json.dumps({key: plain(one) for key, one in names.items() if key.isupper() and not key.startswith("_")})
except BaseException as error:
    if os.getpid() == this:
        out.write(described(error))
        end(b"1")
    os._exit(1)
out.write(text)
end(b"0")
)PY";

constexpr size_t kMaxOutput = 8 * 1024 * 1024;
constexpr uint64_t kMemory = uint64_t{1} << 30;  // of data
constexpr int kEndDescriptor = 3;
constexpr size_t kLongestReason = 200;

using settings::wrong;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  Fd read;
  Fd write;
};

std::optional<Pipe> open_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void append_available(int fd, std::string& text) {
  pollfd one{fd, POLLIN, 0};
  std::array<char, 16384> bytes;
  while (text.size() <= kMaxOutput && poll(&one, 1, 0) > 0) {
    const ssize_t got = read(fd, bytes.data(), bytes.size());
    if (got <= 0) return;
    text.append(bytes.data(), static_cast<size_t>(got));
  }
}

struct HelperOutput {
  std::string text;
  char status = 0;  // '0': names follow; '1': an error follows; 0: it ended without a status
};

// Reads `out` until a status arrives on `end`, or all three are closed; `error` is discarded. `timeout` is for
// everything.
Result<HelperOutput> read_all(int out, int error, int end, Duration timeout) {
  const RealClock clock;
  const SteadyTime deadline = clock.steady_now() + timeout;
  std::array<pollfd, 3> fds{pollfd{out, POLLIN, 0}, pollfd{error, POLLIN, 0}, pollfd{end, POLLIN, 0}};
  HelperOutput output;
  const auto open = [&] { return std::any_of(fds.begin(), fds.end(), [](const pollfd& one) { return one.fd >= 0; }); };
  for (size_t printed = 0; open();) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now()).count();
    const int ready = left > 0 ? poll(fds.data(), fds.size(), static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      return wrong(fmt::format("it did not finish within {} s", to_seconds(timeout)));
    }
    for (pollfd& one : fds) {
      if (one.fd < 0 || one.revents == 0) continue;
      std::array<char, 16384> bytes;
      const ssize_t got = read(one.fd, bytes.data(), one.fd == end ? 1 : bytes.size());
      if (got > 0 && one.fd == end) output.status = bytes[0];
      if (got > 0 && one.fd == out) output.text.append(bytes.data(), static_cast<size_t>(got));
      if (got > 0) printed += static_cast<size_t>(got);
      if (got <= 0) one.fd = -1;
    }
    if (output.status != 0) {  // `out` may still have data that was written before the status
      append_available(out, output.text);
      return output;
    }
    if (printed > kMaxOutput) return wrong("it printed more than 8 MiB");
  }
  return output;
}

}  // namespace

Result<std::string> run_python_settings(const std::string& path, const Environment& environment, Duration timeout) {
  if (const Status regular = check_regular_file(path); !regular) return wrong("the file " + regular.error().text);
  auto out = open_pipe();
  auto error = open_pipe();
  auto end = open_pipe();
  if (!out || !error || !end) return wrong("cannot create a pipe to python3");
  SubprocessPlan plan;
  plan.words = {"python3", "-c", kHelper, path};
  for (const auto& [name, value] : environment) plan.environment.push_back(name + "=" + value);
  plan.memory_limit = kMemory;
  plan.descriptors = {{STDIN_FILENO, kNullDevice},
                      {STDOUT_FILENO, out->write.get()},
                      {STDERR_FILENO, error->write.get()},
                      {kEndDescriptor, end->write.get()}};
  auto child = Subprocess::start(plan);
  if (!child) {
    return wrong("python3 is not installed; install it, or resolve the settings elsewhere and use --consumer-config");
  }
  out->write.reset();
  error->write.reset();
  end->write.reset();
  auto output = read_all(out->read.get(), error->read.get(), end->read.get(), timeout);
  if (!output) return tl::make_unexpected(output.error());
  if (output->status == '0') return std::move(output->text);
  const bool has_reason = output->status == '1' && !output->text.empty() && output->text.size() <= kLongestReason;
  return wrong(fmt::format("{}; correct the file, or use --consumer-config",
                           has_reason ? output->text : "python3 ended without an error message"));
}

}  // namespace freshet::snuba

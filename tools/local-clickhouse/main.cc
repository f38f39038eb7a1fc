// freshet-local-clickhouse --listen 127.0.0.1:PORT --path DIR [--lib FILE] [--config FILE]
//
// Serves a current ClickHouse engine (libchdb.so; from --lib, FRESHET_DEV_CHDB_LIB, or the one that `./dev setup`
// installed) over HTTP, on loopback only and only to programs: requests from web pages are refused. --config: a
// configuration file of ClickHouse, for example with users and clusters.
#include <fmt/format.h>
#include <httplib.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "engine.h"
#include "http_protocol.h"

namespace {

using namespace freshet::local_clickhouse;

constexpr size_t kConnections = 4;

struct Options {
  std::string host = "127.0.0.1";
  int port = 0;
  std::string path;
  std::string library;
  std::string config;
};

// The newest engine that ./dev setup has installed; empty = none.
std::string fetched_library() {
  const char* cache = getenv("FRESHET_DEV_CACHE");
  const char* home = getenv("HOME");
  const std::filesystem::path folder =
      cache != nullptr ? std::filesystem::path(cache)
                       : std::filesystem::path(home != nullptr ? home : "/root") / ".cache" / "freshet";
  std::string newest;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string library = (entry.path() / "libchdb.so").string();
    if (entry.path().filename().string().starts_with("chdb-") && std::filesystem::exists(library, error)) {
      newest = std::max(newest, library);
    }
  }
  return newest;
}

int usage(const std::string& problem) {
  fmt::print(
      stderr,
      "freshet-local-clickhouse: {}\nusage: freshet-local-clickhouse --listen 127.0.0.1:PORT --path DIR [--lib FILE] "
      "[--config FILE]\n",
      problem);
  return 2;
}

std::string parse(int argc, char** argv, Options& options) {
  if (const char* library = getenv("FRESHET_DEV_CHDB_LIB")) options.library = library;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (i + 1 >= argc) return flag + ": its value is missing";
    const std::string value = argv[++i];
    if (flag == "--listen") {
      const size_t colon = value.rfind(':');
      options.host = value.substr(0, colon);
      if (colon == std::string::npos || (options.host != "127.0.0.1" && options.host != "localhost")) {
        return "--listen: only loopback, 127.0.0.1:PORT";
      }
      options.port = std::atoi(value.c_str() + colon + 1);
    } else if (flag == "--path") {
      options.path = value;
    } else if (flag == "--lib") {
      options.library = value;
    } else if (flag == "--config") {
      options.config = value;
    } else {
      return flag + ": unknown flag";
    }
  }
  if (options.path.empty()) return "--path: missing";
  if (options.library.empty()) options.library = fetched_library();
  if (options.library.empty()) {
    return "--lib: missing, FRESHET_DEV_CHDB_LIB is not set, and nothing is fetched; run ./dev setup";
  }
  return "";
}

void fail(httplib::Response& response, const std::string& error) {
  const int code = exception_code(error);
  response.status = code == 60 || code == 81 ? 404 : code == 516 ? 403 : 500;
  response.set_header("X-ClickHouse-Exception-Code", std::to_string(code));
  response.set_content(error + "\n", "text/plain; charset=UTF-8");
}

// A file that contains `data`, in memory, and only as long as the object: a file on disk costs the engine's process CPU
// time that ClickHouse's own server does not need.
class DataFile {
 public:
  explicit DataFile(const std::string& data) : fd_(memfd_create("freshet-insert", MFD_CLOEXEC)) {
    size_t at = 0;
    for (ssize_t written = 0; fd_ >= 0 && at < data.size() && written >= 0; at += static_cast<size_t>(written)) {
      written = write(fd_, data.data() + at, data.size() - at);
      if (written < 0) break;
    }
    if (fd_ >= 0 && at == data.size()) return;
    if (fd_ >= 0) close(fd_);
    throw std::runtime_error("Code: 1001. DB::Exception: no file for the data");
  }
  ~DataFile() { close(fd_); }
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
};

Answer ask(Engine& engine, const Statement& asked, const std::string& database, const std::string& format) {
  if (!asked.needs_file()) return engine.query(database, asked.text(), format);
  const DataFile file(asked.data);
  return engine.query(database, asked.text(file.path()), format);
}

void answer(Engine& engine, const httplib::Request& request, std::string sent, httplib::Response& response) {
  // Uses only the URL: the library would parse a body that is declared as a form, although it is a query.
  httplib::Params params;
  const size_t mark = request.target.find('?');
  if (mark != std::string::npos) httplib::detail::parse_query_text(request.target.substr(mark + 1), params);
  const Parameters parameters(params.begin(), params.end());
  const auto value = [&](const char* name, const char* fallback) {
    const auto found = parameters.find(name);
    return found == parameters.end() || found->second.empty() ? std::string(fallback) : found->second;
  };
  try {
    std::string body = value("decompress", "0") == "1" ? decompress(sent) : std::move(sent);
    const std::string query = value("query", "");
    if (query.empty() && body.empty()) {
      response.set_content("Ok.\n", "text/plain");
      return;
    }
    const Statement asked = statement(query, std::move(body), parameters);
    if (request.method == "GET" && !only_reads(asked.sql)) {
      return fail(response, "Code: 164. DB::Exception: a GET only reads; use POST. (READONLY)");
    }
    const Answer result = ask(engine, asked, value("database", "default"), value("default_format", "TabSeparated"));
    if (!result.error.empty()) return fail(response, result.error);
    response.set_header("X-ClickHouse-Summary", "{\"written_rows\":\"0\"}");
    response.set_content(result.body, "text/plain; charset=UTF-8");
  } catch (const std::runtime_error& e) {
    fail(response, e.what());
  }
}

// The engine can read this machine's files, so web pages must not query it, neither from another origin nor through a
// name that resolves to this machine (DNS rebinding).
bool is_of_a_page(const httplib::Request& request) {
  const std::string site = request.get_header_value("Sec-Fetch-Site");
  return request.has_header("Origin") || request.has_header("Referer") || !(site.empty() || site == "none") ||
         request.get_header_value_count("Host") > 1 ||
         (request.has_header("Host") && !is_this_machine(request.get_header_value("Host")));
}

void protect(httplib::Server& server) {
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (!is_of_a_page(request)) return httplib::Server::HandlerResponse::Unhandled;
    response.status = 403;
    response.set_header("Connection", "close");
    response.set_content(
        "refused: this engine is for programs on this machine (Host: 127.0.0.1 or localhost, no Origin)\n",
        "text/plain");
    return httplib::Server::HandlerResponse::Handled;
  });
  // Adds a text to responses with which the library itself refuses a request.
  server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    if (response.body.empty()) {
      response.set_content(
          fmt::format("HTTP status {}: the request is larger than 1 GiB, or no request for /\n", response.status),
          "text/plain");
    }
  });
  // Not SO_REUSEPORT, with which two instances would share the port.
  server.set_socket_options([](socket_t socket) {
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
}

// Inserts have tens of megabytes, and are copied until the engine reads them. With the C library's defaults each copy
// is mapped and touched for the first time: a page fault for each row of 700 bytes, which ClickHouse's own server does
// not have.
void keep_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_ARENA_MAX, 1);  // only the first arena has room for such blocks
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

int serve(const Options& options) {
  keep_memory();
  std::filesystem::create_directories(options.path);
  Engine engine(options.library, options.path, options.config, kConnections);
  httplib::Server server;
  // The library needs a thread for each open connection, including idle ones. It takes ownership.
  server.new_task_queue = [] { return new httplib::ThreadPool(64); };
  server.set_payload_max_length(size_t{1} << 30);
  server.set_read_timeout(60, 0);
  server.set_keep_alive_max_count(1'000'000);
  server.set_keep_alive_timeout(60);
  server.set_tcp_nodelay(true);
  protect(server);
  server.Get("/ping", [](const httplib::Request&, httplib::Response& r) { r.set_content("Ok.\n", "text/plain"); });
  server.Get("/", [&](const httplib::Request& q, httplib::Response& r) { answer(engine, q, "", r); });
  // The handler reads the body itself: the library accepts at most 8 KiB of a body that is declared as a form, as curl
  // does.
  server.Post("/", [&](const httplib::Request& q, httplib::Response& r, const httplib::ContentReader& read) {
    if (q.is_multipart_form_data()) {
      r.status = 400;
      return r.set_content("a body of several parts is no query; send it as it is\n", "text/plain");
    }
    std::string body;
    const auto take = [&](const char* bytes, size_t size) {
      body.append(bytes, size);
      return true;
    };
    if (read(take)) answer(engine, q, std::move(body), r);
  });
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  const int port = options.port == 0                                 ? server.bind_to_any_port(options.host)
                   : server.bind_to_port(options.host, options.port) ? options.port
                                                                     : -1;
  if (port <= 0) return usage(fmt::format("--listen: cannot listen on {}:{}", options.host, options.port));
  fmt::print("listening on {}:{}\n", options.host, port);
  std::fflush(stdout);
  std::jthread listener([&server] { server.listen_after_bind(); });
  int signal = 0;
  sigwait(&stop, &signal);
  // Does not wait for connections, which clients may keep open for a minute: everything that was acknowledged is on
  // disk.
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const std::string problem = parse(argc, argv, options); !problem.empty()) return usage(problem);
  try {
    return serve(options);
  } catch (const std::exception& e) {
    return usage(e.what());
  }
}

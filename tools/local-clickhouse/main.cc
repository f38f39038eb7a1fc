// freshet-local-clickhouse --listen 127.0.0.1:PORT --path DIR [--lib FILE]
//
// A current ClickHouse engine (libchdb.so; --lib or FRESHET_DEV_CHDB_LIB) behind the HTTP protocol, on loopback only.
#include <fmt/format.h>
#include <httplib.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>

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
};

int usage(const std::string& problem) {
  fmt::print(
      stderr,
      "freshet-local-clickhouse: {}\nusage: freshet-local-clickhouse --listen 127.0.0.1:PORT --path DIR [--lib FILE]\n",
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
    } else {
      return flag + ": unknown flag";
    }
  }
  if (options.path.empty()) return "--path: missing";
  if (options.library.empty()) return "--lib: missing, and FRESHET_DEV_CHDB_LIB is not set";
  return "";
}

void fail(httplib::Response& response, const std::string& error) {
  const int code = exception_code(error);
  response.status = code == 60 || code == 81 ? 404 : code == 516 ? 403 : 500;
  response.set_header("X-ClickHouse-Exception-Code", std::to_string(code));
  response.set_content(error + "\n", "text/plain; charset=UTF-8");
}

void answer(Engine& engine, const httplib::Request& request, httplib::Response& response) {
  // From the URL alone: a body that calls itself a form is a query all the same.
  httplib::Params params;
  const size_t mark = request.target.find('?');
  if (mark != std::string::npos) httplib::detail::parse_query_text(request.target.substr(mark + 1), params);
  const Parameters parameters(params.begin(), params.end());
  const auto value = [&](const char* name, const char* fallback) {
    const auto found = parameters.find(name);
    return found == parameters.end() || found->second.empty() ? std::string(fallback) : found->second;
  };
  try {
    const std::string body = value("decompress", "0") == "1" ? decompress(request.body) : request.body;
    const std::string query = value("query", "");
    if (query.empty() && body.empty()) {
      response.set_content("Ok.\n", "text/plain");
      return;
    }
    const Answer result = engine.query(value("database", "default"), with_settings(query, body, parameters),
                                       value("default_format", "TabSeparated"));
    if (!result.error.empty()) return fail(response, result.error);
    response.set_header("X-ClickHouse-Summary", "{\"written_rows\":\"0\"}");
    response.set_content(result.body, "text/plain; charset=UTF-8");
  } catch (const std::runtime_error& e) {
    fail(response, e.what());
  }
}

int serve(const Options& options) {
  std::filesystem::create_directories(options.path);
  Engine engine(options.library, options.path, kConnections);
  httplib::Server server;
  // One for each open connection, idle ones too. The library takes ownership.
  server.new_task_queue = [] { return new httplib::ThreadPool(64); };
  server.set_payload_max_length(size_t{1} << 30);
  server.set_read_timeout(60, 0);
  server.set_keep_alive_max_count(1'000'000);
  server.set_keep_alive_timeout(60);
  server.set_tcp_nodelay(true);
  const auto handler = [&](const httplib::Request& q, httplib::Response& r) { answer(engine, q, r); };
  server.Get("/ping", [](const httplib::Request&, httplib::Response& r) { r.set_content("Ok.\n", "text/plain"); });
  server.Get("/", handler);
  server.Post("/", handler);
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
  // Clients may keep connections open for a minute; what was answered is on disk.
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

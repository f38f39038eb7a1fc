#include "engine.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <stdexcept>

namespace freshet::local_clickhouse {

struct Engine::Functions {
  void* library = nullptr;
  void** (*connect)(int, char**) = nullptr;
  void (*close)(void**) = nullptr;
  void* (*query)(void*, const char*, size_t, const char*, size_t) = nullptr;
  void (*destroy)(void*) = nullptr;
  char* (*buffer)(void*) = nullptr;
  size_t (*length)(void*) = nullptr;
  const char* (*error)(void*) = nullptr;
  void (*reset_signals)() = nullptr;

  template <typename F>
  void load(F& function, const char* name) {
    function = reinterpret_cast<F>(dlsym(library, name));
    if (function == nullptr) throw std::runtime_error(fmt::format("the engine has no {}", name));
  }
};

Engine::Engine(const std::string& library, const std::string& path, const std::string& config, size_t connections)
    : functions_(std::make_unique<Functions>()), connections_(connections) {
  Functions& f = *functions_;
  f.library = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (f.library == nullptr) throw std::runtime_error(fmt::format("cannot load {}: {}", library, dlerror()));
  f.load(f.connect, "chdb_connect");
  f.load(f.close, "chdb_close_conn");
  f.load(f.query, "chdb_query_n");
  f.load(f.destroy, "chdb_destroy_query_result");
  f.load(f.buffer, "chdb_result_buffer");
  f.load(f.length, "chdb_result_length");
  f.load(f.error, "chdb_result_error");
  f.load(f.reset_signals, "chdb_reset_signal_handlers");
  std::string program = "clickhouse";
  std::string folder = "--path=" + path;
  std::string configuration = "--config-file=" + config;
  char* argv[] = {program.data(), folder.data(), configuration.data()};
  const int count = config.empty() ? 2 : 3;
  for (Connection& connection : connections_) {
    connection.handle = f.connect(count, argv);
    if (connection.handle == nullptr) throw std::runtime_error("the engine does not open " + path);
    free_.push_back(&connection);
  }
  f.reset_signals();
}

Engine::~Engine() {
  for (Connection& connection : connections_) functions_->close(connection.handle);
}

Answer Engine::ask(Connection& connection, const std::string& sql, const std::string& format) {
  Functions& f = *functions_;
  void* result = f.query(*connection.handle, sql.data(), sql.size(), format.data(), format.size());
  if (result == nullptr) return {"", "Code: 1000. DB::Exception: no answer from the engine"};
  Answer answer;
  if (const char* error = f.error(result); error != nullptr && *error != '\0') {
    answer.error = error;
  } else if (f.length(result) > 0) {
    answer.body.assign(f.buffer(result), f.length(result));
  }
  f.destroy(result);
  return answer;
}

Answer Engine::query(const std::string& database, const std::string& sql, const std::string& format) {
  Connection* connection = nullptr;
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !free_.empty(); });
    connection = free_.back();
    free_.pop_back();
  }
  Answer answer;
  if (connection->database != database) answer = ask(*connection, fmt::format("USE `{}`", database), "TabSeparated");
  if (answer.error.empty()) {
    connection->database = database;
    answer = ask(*connection, sql, format);
  }
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(connection);
  }
  freed_.notify_one();
  return answer;
}

}  // namespace freshet::local_clickhouse

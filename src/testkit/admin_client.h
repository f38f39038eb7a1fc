// A client of freshet's admin server.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace freshet::testkit {

struct AdminAnswer {
  int status = 0;    // 0: no answer
  std::string body;  // without an answer: why
};

// Threads: any.
class AdminClient {
 public:
  // On 127.0.0.1, or the address of a server: "http://127.0.0.1:8080/".
  explicit AdminClient(int port);
  explicit AdminClient(std::string address) : address_(std::move(address)) {}

  // `path` without the first slash; a body makes a POST of JSON.
  AdminAnswer ask(const std::string& path, const std::string& post = {}) const;
  // The document of /status; null without an answer.
  nlohmann::json status() const;

 private:
  const std::string address_;
};

}  // namespace freshet::testkit

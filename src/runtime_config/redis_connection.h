// A TCP connection to Redis whose requests end by a deadline.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "runtime_config/redis_reply.h"

namespace freshet::runtime_config {

// Once set, it stays readable and ends all waits of the connections that use it. Threads: any.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  void set() noexcept;
  bool is_set() const noexcept { return set_.load(); }
  int fd() const noexcept { return fd_; }

 private:
  const int fd_;
  std::atomic<bool> set_{false};
};

// Threads: one.
class RedisConnection {
 public:
  // Resolves the name and connects, until `deadline`. Stopping: interrupted.
  static Result<std::unique_ptr<RedisConnection>> open(const std::string& host, int port, Clock& clock,
                                                       const Interruption& interruption, SteadyTime deadline);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // Sends a command and reads its whole reply, until `deadline`. After an error the connection cannot be used again.
  Result<RedisReply> ask(const std::vector<std::string>& words, SteadyTime deadline);

 private:
  RedisConnection(int fd, Clock& clock, const Interruption& interruption);
  Status send(std::string_view bytes);
  Status receive(std::string& buffer);

  const int fd_;
  Clock& clock_;
  const Interruption& interruption_;
  SteadyTime deadline_{};
  RedisReplyReader replies_;
};

}  // namespace freshet::runtime_config

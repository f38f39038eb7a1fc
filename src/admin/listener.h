// The listening socket of the admin server.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/net_address.h"
#include "base/result.h"

namespace freshet::admin {

// Owns a listening file descriptor, which is non-blocking and close-on-exec.
class Listener {
 public:
  // Resolves a host name, binds and listens. The error text contains the system's reason.
  static Result<Listener> open(const NetAddress& address);

  ~Listener();
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;

  // Passes ownership of the descriptor to the caller.
  int release() { return std::exchange(descriptor_, -1); }
  int family() const { return family_; }
  uint16_t port() const { return port_; }
  bool on_loopback() const { return on_loopback_; }

 private:
  explicit Listener(int descriptor) : descriptor_(descriptor) {}
  bool learn_own_address();

  int descriptor_;
  int family_ = 0;
  uint16_t port_ = 0;
  bool on_loopback_ = false;
};

}  // namespace freshet::admin

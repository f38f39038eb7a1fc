// Who may ask, and who may change something.
#pragma once

#include <optional>
#include <string>

namespace freshet::admin {

// What is looked at of a request.
struct Visitor {
  std::string method;
  std::string host;  // header Host
  std::string origin;
  bool has_origin = false;
  std::string authorization;
};

struct Refusal {
  int status = 403;
  std::string text;  // what would be right
};

// Reading is free. Changing (POST) needs the token where there is one ("Authorization: Bearer TOKEN"); without one it
// is for loopback only. A page of another site never gets through. Threads: any.
class Access {
 public:
  // `listening_on`: the address without its port.
  Access(std::string listening_on, std::string token);

  // Empty: welcome.
  std::optional<Refusal> refuses(const Visitor& visitor) const;

 private:
  const std::string token_;
  const bool loopback_;
};

}  // namespace freshet::admin

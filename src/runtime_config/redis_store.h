// Live options in a Redis hash.
#pragma once

#include <memory>
#include <string>

#include "ports/option_source.h"
#include "secrets/renewable_secret.h"

namespace freshet::runtime_config {

struct RedisAddress {
  std::string host;
  int port = 6379;
  int database = 1;
  std::string user;
  std::string password;
};

// A single node, or any node of a cluster. A read() takes at most three seconds, whatever the server does; if it
// refuses the password, and the time of its command, too. `password`: used instead of the one in the address; may be
// null.
std::unique_ptr<OptionSource> open_redis_store(RedisAddress address, std::string hash,
                                               std::shared_ptr<secrets::RenewableSecret> password = nullptr);

}  // namespace freshet::runtime_config

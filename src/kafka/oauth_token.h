// Tokens for SASL OAUTHBEARER that come from a file or a command.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet::kafka {

// What a client has to know of its token. The broker verifies it.
struct TokenClaims {
  std::string subject;      // empty: the token does not say
  int64_t expires_ms = -1;  // since the epoch; -1: the token does not say
};

// The claims of a JWT; none if `token` has another form. Threads: any.
std::optional<TokenClaims> claims_of(std::string_view token);

// Clients that are made of `conf` read their token from `source`, FILE or exec:COMMAND, when they are created and when
// four fifths of its lifetime are over.
void take_tokens_from(rd_kafka_conf_t* conf, const std::string& source);
// A broker refused the login of a client: it reads its token again, once, not within five seconds of the last time.
// Does not block. No effect for clients without such tokens. Threads: any.
void token_refused(rd_kafka_t* client) noexcept;
// To be called before a client is destroyed, because the library then waits for the command that may run for it: ends
// that command, and starts no other. Threads: any.
void stop_token_requests(rd_kafka_t* client) noexcept;
// To be called for each client that was created, so that the library's own thread asks for tokens. No effect for
// clients without such tokens. Renew: the system refuses the thread.
Status serve_token_requests(rd_kafka_t* client);

}  // namespace freshet::kafka

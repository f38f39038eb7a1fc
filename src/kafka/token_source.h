// Where tokens for SASL OAUTHBEARER come from: a file, a command, or credentials of AWS.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/kafka_settings.h"
#include "secrets/secret.h"

namespace freshet::kafka {

// What a client has to know of its token. The broker verifies it.
struct TokenClaims {
  std::string subject;      // empty: the token does not say
  int64_t expires_ms = -1;  // since the epoch; -1: the token does not say
};

// The claims of a JWT; none if `token` has another form. Threads: any.
std::optional<TokenClaims> claims_of(std::string_view token);

struct TokenSource {
  enum class Kind {
    FileOrCommand,  // FILE or exec:COMMAND
    MskIam,         // a region of AWS, or empty: as AWS's tools find it
  };
  Kind kind = Kind::FileOrCommand;
  std::string where;
  std::string cluster = {};  // MskIam: its bootstrap servers. All clients of a cluster share a token

  // The source of a connection; none: it has no tokens, or the library gets them itself.
  static std::optional<TokenSource> of(const ConnectionSettings& settings);
  // As one text, for librdkafka.
  std::string to_text() const;
  static TokenSource from_text(std::string_view text);
  // For people; without the arguments of a command.
  std::string shown() const;
};

struct Token {
  secrets::Secret token;
  std::string principal;
  int64_t expires_ms = 0;  // since the epoch
};

// Reads the file, runs the command, or signs a token that was not refused. Masks the token in `log`. Blocks until
// `stop` is requested. Errors: the text names the source. Threads: any.
Result<Token> read_token(const TokenSource& source, Log& log, const std::stop_token& stop);

// A broker refused `token` of `source`: if clients share it, none gets it from now on. Returns how long read_token()
// has no other one. Does not block. Threads: any.
Duration refuse_token(const TokenSource& source, const secrets::Secret& token);

}  // namespace freshet::kafka

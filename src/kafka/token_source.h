// Where tokens for SASL OAUTHBEARER come from: a file, a command, or credentials of AWS.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

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

// Reads the file, runs the command, or signs a token, which is then not `refused`. Masks the token in `log`. Blocks
// until `stop` is requested. Errors: the text names the source. Threads: any.
Result<Token> read_token(const TokenSource& source, Log& log, const secrets::Secret& refused,
                         const std::stop_token& stop);

}  // namespace freshet::kafka

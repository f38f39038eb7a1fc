// Gives librdkafka's clients their tokens for SASL OAUTHBEARER.
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/result.h"
#include "kafka/token_source.h"

namespace freshet::kafka {

// Clients that are made of `conf` get their tokens from `source` when they are created and when four fifths of a
// token's lifetime are over. The tokens are masked in the log of `conf`, the client's opaque.
void take_tokens_from(rd_kafka_conf_t* conf, const TokenSource& source);
// A broker refused the login of a client: it gets a token again, once, not within five seconds of the last time.
// Does not block. No effect for clients without such tokens. Threads: any.
void token_refused(rd_kafka_t* client) noexcept;
// To be called before a client is destroyed, because the library then waits for the command or the request that may run
// for it: ends that, and starts no other. Threads: any.
void stop_token_requests(rd_kafka_t* client) noexcept;
// To be called for each client that was created, so that the library's own thread asks for tokens. No effect for
// clients without such tokens. Renew: the system refuses the thread.
Status serve_token_requests(rd_kafka_t* client);

}  // namespace freshet::kafka

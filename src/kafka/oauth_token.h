// Gives librdkafka's clients their tokens for SASL OAUTHBEARER.
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/result.h"
#include "kafka/token_source.h"

namespace freshet::kafka {

// Clients that are made of `conf` get their tokens from `source` when they are created and when four fifths of a
// token's lifetime are over. The tokens are masked in the log of `conf`, the client's opaque.
void take_tokens_from(rd_kafka_conf_t* conf, const TokenSource& source);
// To be called with each error event that is taken from a client's queues. If a broker refused the client's token, no
// client gets that one again, and this client gets another: not within five seconds of the last time, and after twice
// the pause, up to a minute, if that one is refused, too. An event does not say which token it is about: if a login
// that began with the last token fails when the client has the next one, that one counts as refused. The client still
// logs in with it, and gets another after the pause. Does not block. No effect for other errors and for clients without
// such tokens. Threads: any.
void note_client_error(rd_kafka_t* client, const Error& error) noexcept;
// Calls it for the error events of `queue` that nobody took, and drops the other events. Threads: any.
void note_unread_errors(rd_kafka_t* client, rd_kafka_queue_t* queue) noexcept;
// The last attempt to get a token for the client failed. Threads: any.
bool lacks_token(rd_kafka_t* client);
// To be called before a client is destroyed. The library then waits for the command or the request that may run for its
// token: this ends that, and starts no other. Also looks for a refusal in the error events of its main queue that
// nobody took. Threads: any.
void stop_token_requests(rd_kafka_t* client) noexcept;
// To be called for each client that was created, so that the library's own thread asks for tokens. No effect for
// clients without such tokens. Renew: the system refuses the thread.
Status serve_token_requests(rd_kafka_t* client);

}  // namespace freshet::kafka

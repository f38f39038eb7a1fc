#include "kafka/handles.h"

#include <new>

#include "kafka/oauth_token.h"

namespace freshet::kafka {
namespace {

constexpr int kDestroysEveryClient = 0x020300ff;

// The client has an assignor after the response to its first JoinGroup, and the assignor has a state only after the
// assignment.
bool would_abort(const GroupRequests& requests) {
  return rd_kafka_version() < kDestroysEveryClient && requests.cooperative && requests.joins_answered > 0 &&
         !requests.assigned;
}

// Closes the client and leaks it: its threads, and what they use, live until the process exits.
void leave_for_good(rd_kafka_t* client, const std::shared_ptr<GroupRequests>& requests) {
  rd_kafka_set_log_level(client, 0);  // its log may be destroyed first
  const Queue answers(rd_kafka_queue_new(client));
  const LibraryError ignored(rd_kafka_consumer_close_queue(client, answers.get()));
  static_cast<void>(new (std::nothrow) std::shared_ptr<GroupRequests>(requests));
}

}  // namespace

void ClientFreed::operator()(rd_kafka_t* client) const noexcept {
  stop_token_requests(client);
  if (requests && would_abort(*requests)) return leave_for_good(client, requests);
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

}  // namespace freshet::kafka

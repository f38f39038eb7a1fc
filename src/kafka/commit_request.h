// Whether the broker may still process an offset commit after its answer.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "kafka/error_table.h"
#include "kafka/handles.h"

namespace freshet::kafka {

// Created before the commit is handed to the library. Threads: one; other commits of the client may be under way.
class CommitRequest {
 public:
  explicit CommitRequest(GroupRequests& requests)
      : requests_(&requests), begun_(++requests.commits_begun), sent_before_(requests.commits_sent) {}

  // After a lost connection or answer, the broker may process the request, or one that the library repeated, at any
  // later time. It would then replace a newer offset and plan. `answer`: the error of the answer, if it has one.
  bool may_arrive_later(std::optional<rd_kafka_resp_err_t> answer) const {
    const uint64_t others = requests_->commits_begun - begun_;
    const uint64_t sent = requests_->commits_sent - sent_before_;
    return sent > 1 + others || (sent > 0 && answer && is_unanswered(*answer));
  }

 private:
  GroupRequests* requests_;
  uint64_t begun_;
  uint64_t sent_before_;
};

// The broker refuses requests of a client whose membership another one took over.
inline Error uncertain_commit(int code) {
  return {ErrorKind::Renew, code,
          "the connection to the group's coordinator failed during a commit; the consumer is renewed before more "
          "inserts are sent"};
}

}  // namespace freshet::kafka

#include "kafka/departure.h"

#include <array>
#include <string_view>

#include "kafka/error_table.h"

namespace freshet::kafka {
namespace {

constexpr int16_t kOffsetCommit = 8;
constexpr int16_t kJoinGroup = 11;
// How long the library may take to write a request to its socket.
constexpr Duration kOnItsWay = std::chrono::milliseconds(100);

rd_kafka_resp_err_t on_request_sent(rd_kafka_t*, int, const char*, int32_t, int16_t api, int16_t, int32_t, size_t,
                                    void* opaque) noexcept {
  if (api == kJoinGroup) ++static_cast<GroupRequests*>(opaque)->joins_sent;
  if (api == kOffsetCommit) ++static_cast<GroupRequests*>(opaque)->commits_sent;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_response_received(rd_kafka_t*, int, const char*, int32_t, int16_t api, int16_t, int32_t, size_t,
                                         int64_t, rd_kafka_resp_err_t error, void* opaque) noexcept {
  if (api != kJoinGroup) return RD_KAFKA_RESP_ERR_NO_ERROR;
  auto& requests = *static_cast<GroupRequests*>(opaque);
  if (is_unanswered(error)) ++requests.joins_unanswered;
  ++requests.joins_answered;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_new(rd_kafka_t* client, const rd_kafka_conf_t*, void* opaque, char*, size_t) noexcept {
  rd_kafka_interceptor_add_on_request_sent(client, "freshet", on_request_sent, opaque);
  rd_kafka_interceptor_add_on_response_received(client, "freshet", on_response_received, opaque);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

void count_group_requests(rd_kafka_conf_t* conf, GroupRequests& requests) {
  std::array<char, 512> strategies{};
  size_t size = strategies.size();
  if (rd_kafka_conf_get(conf, "partition.assignment.strategy", strategies.data(), &size) == RD_KAFKA_CONF_OK) {
    requests.cooperative = std::string_view(strategies.data()).find("cooperative") != std::string_view::npos;
  }
  rd_kafka_conf_interceptor_add_on_new(conf, "freshet", on_new, &requests);
}

Departure::Step Departure::next(const MemberState& member, SteadyTime now) {
  if (member.joins_sent > member.joins_answered || !quiet_since_) quiet_since_ = now;
  const bool quiet = now - *quiet_since_ >= kOnItsWay;
  switch (state_) {
    case State::Begun:
      return begin(member, quiet, now);
    case State::NotJoined:
      if (member.joins_sent > joins_before_) {  // it joined after all and must leave again
        state_ = State::AwaitingJoin;
        return Step::Subscribe;
      }
      return quiet ? Step::Close : Step::Wait;
    case State::AwaitingJoin:
      return member.has_member_id ? unsubscribe(State::LeaveAsked, member, now) : Step::Wait;
    case State::LeaveAsked:
      break;
  }
  return member.has_member_id ? Step::Wait : Step::Close;
}

Departure::Step Departure::begin(const MemberState& member, bool quiet, SteadyTime now) {
  if (kind_ == Kind::Stays) return Step::Close;
  if (member.has_member_id) {
    return kind_ == Kind::Dynamic ? Step::Close : unsubscribe(State::LeaveAsked, member, now);
  }
  if (kind_ == Kind::Static && member.was_member) {
    state_ = State::AwaitingJoin;
    return Step::Wait;
  }
  // The answer, or the library's reaction to it, arrives soon.
  if (member.joins_sent > 0 && !quiet) return Step::Wait;
  return kind_ == Kind::Dynamic ? Step::Close : unsubscribe(State::NotJoined, member, now);
}

Departure::Step Departure::unsubscribe(State next, const MemberState& member, SteadyTime now) {
  state_ = next;
  joins_before_ = member.joins_sent;
  quiet_since_ = now;
  return Step::Unsubscribe;
}

}  // namespace freshet::kafka

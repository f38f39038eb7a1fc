#include "kafka/error_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace freshet::kafka {
namespace {

// To a login without rights on a topic, a broker reports the topic as missing.
constexpr std::string_view kNoTopic =
    "the topic does not exist, or is hidden from this login: create it (`freshet run --create-topics` does), or grant "
    "the login DESCRIBE and READ on it";

// Of KIP-848; librdkafka 2.0 has no names for them.
constexpr auto kFencedMemberEpoch = static_cast<rd_kafka_resp_err_t>(110);
constexpr auto kUnreleasedInstanceId = static_cast<rd_kafka_resp_err_t>(111);

constexpr std::array kRules = {
    ErrorRule{RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ErrorKind::Retry,
              "no broker answers: check --bootstrap-server and that the brokers run"},
    ErrorRule{RD_KAFKA_RESP_ERR__TRANSPORT, ErrorKind::Retry,
              "no connection to the broker; the client retries: check --bootstrap-server, --kafka-security-protocol, "
              "and that the broker runs"},
    ErrorRule{RD_KAFKA_RESP_ERR__RESOLVE, ErrorKind::Retry, "a broker's host name cannot be resolved: check DNS"},
    ErrorRule{RD_KAFKA_RESP_ERR__AUTHENTICATION, ErrorKind::Retry,
              "the broker rejects the login: check --kafka-sasl-mechanism, and its user and password or its token",
              true},
    ErrorRule{RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ErrorKind::Retry,
              "the broker rejects the login: check --kafka-sasl-mechanism, and its user and password or its token",
              true},
    ErrorRule{RD_KAFKA_RESP_ERR__SSL, ErrorKind::Retry,
              "TLS fails: check --kafka-security-protocol and the --kafka-ssl files", true},
    ErrorRule{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ErrorKind::Retry, kNoTopic},
    ErrorRule{RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ErrorKind::Retry,
              "the topic is gone, has fewer partitions, or is hidden from this login (grant DESCRIBE and READ on it); "
              "messages that it has when it exists again are consumed"},
    ErrorRule{RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ErrorKind::Retry, kNoTopic},
    ErrorRule{
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, ErrorKind::Retry,
        "no right for this on the topic: reading needs READ and DESCRIBE, producing WRITE, deleting records DELETE"},
    ErrorRule{RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, ErrorKind::Retry,
              "no right to use the consumer group: grant READ on it"},
    ErrorRule{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ErrorKind::Invalid,
              "the topic rejects messages of this size: raise its max.message.bytes"},
    ErrorRule{RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, ErrorKind::Invalid, "the topic rejects messages of this size"},
    ErrorRule{RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, ErrorKind::Invalid,
              "the topic rejects messages of this size: raise its segment.bytes"},
    ErrorRule{RD_KAFKA_RESP_ERR__FATAL, ErrorKind::Renew,
              "the client has failed for good; freshet creates a new consumer"},
    ErrorRule{RD_KAFKA_RESP_ERR__FENCED, ErrorKind::Renew, "another client took this one's place"},
    ErrorRule{RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ErrorKind::Renew,
              "another process uses the same --group-instance-id; each needs its own"},
    ErrorRule{kUnreleasedInstanceId, ErrorKind::Renew,
              "another process has this --group-instance-id, or one that was killed: then the group's session timeout "
              "must pass"},
    ErrorRule{RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, ErrorKind::Retry, "freshet did not poll for --max-poll-interval-ms",
              true},
    ErrorRule{RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, ErrorKind::Retry,
              "the system refuses a thread for a broker; librdkafka retries at the next metadata refresh: raise the "
              "limit of processes (ulimit -u, or pids.max of the container) or of memory (ulimit -v)"},
    ErrorRule{RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, ErrorKind::Retry,
              "the broker is too old for a feature that the configuration uses"},
};

}  // namespace

ErrorRule rule_for(rd_kafka_resp_err_t code) {
  const auto found =
      std::find_if(kRules.begin(), kRules.end(), [&](const ErrorRule& rule) { return rule.code == code; });
  return found != kRules.end() ? *found : ErrorRule{code, ErrorKind::Retry, ""};
}

// The library's own codes are negative.
bool is_unanswered(rd_kafka_resp_err_t code) { return code < 0 || code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT; }

bool ends_commits(rd_kafka_resp_err_t code) {
  switch (static_cast<int>(code)) {  // not all of them are in every library's enumeration
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case kFencedMemberEpoch:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return true;
    default:
      return false;
  }
}

Error to_error(rd_kafka_resp_err_t code, std::string_view what) {
  const ErrorRule rule = rule_for(code);
  std::string text = fmt::format("{}: {}", rd_kafka_err2name(code), what);
  // The text of a client that has no token says why.
  if (!rule.advice.empty() && !is_token_failure(what)) text += fmt::format("; {}", rule.advice);
  // "localhost" is both ::1 and 127.0.0.1, and the client tries one after the other.
  if (what.find("Connect to ipv6#") != what.npos) {
    text += "; if the broker has no IPv6: --set kafka.broker.address.family=v4";
  }
  return {rule.kind, code, std::move(text)};
}

bool is_unreadable(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return true;
    default:
      return false;
  }
}

bool is_token_failure(std::string_view text) {
  return text.find("Failed to acquire SASL OAUTHBEARER token") != std::string_view::npos;
}

bool is_about_connections(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
      return true;
    default:
      return false;
  }
}

Error to_error(rd_kafka_event_t* event) {
  const std::string_view text = rd_kafka_event_error_string(event);
  return to_error(rd_kafka_event_error(event), text.substr(0, text.rfind(" (after ")));
}

}  // namespace freshet::kafka

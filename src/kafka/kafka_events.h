// The log events of this module.
#pragma once

#include "base/log.h"
#include "model/ids.h"

namespace freshet::kafka {

struct StaticMembershipUnavailable {
  static constexpr LogEvent kEvent{LogLevel::Warn, "static_membership_unavailable",
                                   "The member id that the broker gave does not name the group.instance.id, so it does "
                                   "not seem to keep static members (Kafka 2.3 and later do): each renewal leaves the "
                                   "group and joins it again."};
  std::string_view group;
  std::string_view instance_id;
  auto fields() const {
    return log_fields(subject(log_key::kConsumerGroup, group), LogField("instance_id", instance_id));
  }
};

struct InstanceIdRegenerated {
  static constexpr LogEvent kEvent{LogLevel::Warn, "instance_id_regenerated",
                                   "Another member uses the generated group.instance.id; a new one is generated."};
  std::string_view group;
  std::string_view instance_id;
  auto fields() const {
    return log_fields(subject(log_key::kConsumerGroup, group), LogField("instance_id", instance_id));
  }
};

struct AssignmentFailed {
  static constexpr LogEvent kEvent{LogLevel::Error, "assignment_failed",
                                   "The assigned partitions could not be read; freshet recreates its Kafka consumer."};
  std::string_view topic;
  std::string_view error;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), log_error(error)); }
};

struct RecordBatchSkipped {
  static constexpr LogEvent kEvent{LogLevel::Warn, "record_batch_skipped",
                                   "The rest of an unreadable record batch is skipped."};
  std::string_view topic;
  Partition partition;
  Offset offset;
  Offset resume_offset;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition.value),
                      LogField(log_key::kOffset, offset.value), LogField("resume_offset", resume_offset.value));
  }
};

struct CloseFailed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "close_failed", "The consumer could not be closed in order."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct OffsetOutOfRange {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "offset_out_of_range",
      "The next offset no longer exists in the partition; freshet resumes at another one."};
  std::string_view topic;
  Partition partition;
  Offset offset;
  Offset resume_offset;
  int64_t offsets_gone;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition.value),
                      LogField(log_key::kOffset, offset.value), LogField("resume_offset", resume_offset.value),
                      LogField("offsets_gone", offsets_gone));
  }
};

struct ProducerCredentialsChanged {
  static constexpr LogEvent kEvent{LogLevel::Info, "producer_credentials_changed",
                                   "The credentials of a producer changed; it is recreated."};
  std::string_view topic;
  std::string_view what;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), subject("what", what)); }
};

struct ProducerError {
  static constexpr LogEvent kEvent{LogLevel::Warn, "producer_error", "A producer reported an error; it retries."};
  std::string_view topic;
  std::string_view what;
  int error_code;
  std::string_view error;  // names the address that was tried, which changes from attempt to attempt
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject("what", what), subject(log_key::kErrorCode, error_code),
                      LogField(log_key::kError, error));
  }
};

struct FencedItself {
  static constexpr LogEvent kEvent{LogLevel::Warn, "consumer_fenced_itself",
                                   "The broker fenced this consumer for what it had sent itself, after its connection "
                                   "broke or its session ended; the next consumer keeps the group.instance.id."};
  std::string_view group;
  std::string_view instance_id;
  auto fields() const {
    return log_fields(subject(log_key::kConsumerGroup, group), LogField("instance_id", instance_id));
  }
};

struct BrokersForgotten {
  static constexpr LogEvent kEvent{LogLevel::Warn, "kafka_brokers_forgotten",
                                   "A broker named no brokers, as one does that stops or starts, and the Kafka client "
                                   "forgot all of them; freshet gives it the bootstrap servers again."};
  std::string_view client;
  std::string_view bootstrap_servers;
  auto fields() const {
    return log_fields(LogField("client", client), LogField("bootstrap_servers", bootstrap_servers));
  }
};

struct LibraryLog {
  static constexpr LogEvent kEvent{LogLevel::Debug, "librdkafka", "librdkafka wrote to its log."};
  int severity;  // of syslog
  std::string_view facility;
  std::string_view text;
  auto fields() const {
    return log_fields(LogField("severity", severity), LogField("facility", facility), LogField("text", text));
  }
};

}  // namespace freshet::kafka

// Log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::stream {

struct BatchOverdueResolved {
  static constexpr LogEvent kEvent{LogLevel::Info, "batch_overdue_resolved", "No batch is overdue any more."};
  std::string_view topic;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic)); }
};

struct BatchOverdue {
  static constexpr LogEvent kEvent{
      LogLevel::Error, "batch_overdue",
      "A batch is not stored within its deadline. It is retried and no data is lost; check the ClickHouse hosts."};
  std::string_view topic;
  uint64_t batches;
  uint64_t rows;
  std::string_view offset_ranges;
  int64_t seconds;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), LogField("batches", batches), LogField("rows", rows),
                      subject("offset_ranges", offset_ranges), LogField("seconds", seconds),
                      LogField(log_key::kError, error));
  }
};

struct MessageInvalid {
  static constexpr LogEvent kEvent{LogLevel::Debug, "message_invalid", "A message cannot become a row."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct CloseTimeout {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "close_timeout",
      "Closing the Kafka consumer took too long; freshet continues without waiting for it."};
  std::string_view topic;
  uint64_t consumer;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), subject("consumer", consumer)); }
};

struct CommitFailed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "commit_failed", "A commit of offsets failed; freshet retries."};
  std::string_view topic;
  std::string_view error;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), log_error(error)); }
};

struct FirstBatchStored {
  static constexpr LogEvent kEvent{LogLevel::Info, "first_batch_stored", "ClickHouse acknowledged the first batch."};
  std::string_view topic;
  std::string_view table;
  uint64_t rows;
  uint64_t bytes;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kTable, table), LogField("rows", rows),
                      LogField("bytes", bytes));
  }
};

struct BatchRejected {
  static constexpr LogEvent kEvent{LogLevel::Error, "batch_rejected",
                                   "ClickHouse rejects every row of a batch alike; the batch is retried until the "
                                   "cause is repaired or a partition is skipped."};
  std::string_view topic;
  std::string_view offset_ranges;
  int error_code;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject("offset_ranges", offset_ranges),
                      subject(log_key::kErrorCode, error_code), log_error(error));
  }
};

struct BatchesDropped {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "batches_dropped",
      "Batches are dropped because their partitions were lost; the new owners read them again."};
  std::string_view topic;
  uint64_t batches;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), LogField("batches", batches)); }
};

struct BatchBlocked {
  static constexpr LogEvent kEvent{LogLevel::Error, "batch_blocked",
                                   "A batch may be stored in part; it waits until an operator resolves it."};
  std::string_view topic;
  std::string_view offset_ranges;
  int error_code;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject("offset_ranges", offset_ranges),
                      subject(log_key::kErrorCode, error_code), log_error(error));
  }
};

struct BlockedBatchDropped {
  static constexpr LogEvent kEvent{LogLevel::Warn, "blocked_batch_dropped",
                                   "A blocked batch is dropped because its partitions were lost; the new owner sends "
                                   "its rows again, and they may be stored twice."};
  std::string_view topic;
  std::string_view offset_ranges;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), subject("offset_ranges", offset_ranges)); }
};

struct BatchResolved {
  static constexpr LogEvent kEvent{LogLevel::Warn, "batch_resolved", "An operator resolved a blocked batch.", true};
  std::string_view topic;
  std::string_view offset_ranges;
  std::string_view resolution;
  uint64_t rows;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject("offset_ranges", offset_ranges),
                      LogField("resolution", resolution), LogField("rows", rows));
  }
};

struct MessageDropped {
  static constexpr LogEvent kEvent{LogLevel::Warn, "message_dropped",
                                   "An invalid message is dropped, as --on-invalid says."};
  std::string_view topic;
  int32_t partition;
  int64_t offset;
  std::string_view error_code;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField(log_key::kOffset, offset), subject(log_key::kErrorCode, error_code),
                      LogField(log_key::kError, error));
  }
};

struct DeadLetterDeliveryFailed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "dead_letter_delivery_failed",
                                   "The broker did not accept a dead-letter record; freshet retries."};
  std::string_view topic;
  std::string_view error;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), log_error(error)); }
};

struct PartitionBlocked {
  static constexpr LogEvent kEvent{LogLevel::Error, "partition_blocked",
                                   "Consumption of this partition stops until the cause is repaired or an operator "
                                   "skips to a later offset. Other partitions continue, and no data is lost."};
  std::string_view topic;
  int32_t partition;
  std::string_view error_code;
  std::string_view error;
  std::string_view advice;
  int64_t next_offset;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      subject(log_key::kErrorCode, error_code), log_error(error), LogField(log_key::kAdvice, advice),
                      LogField("next_offset", next_offset));
  }
};

struct PartitionResumed {
  static constexpr LogEvent kEvent{LogLevel::Info, "partition_resumed", "Consumption of this partition continues."};
  std::string_view topic;
  int32_t partition;
  int64_t position;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField("position", position));
  }
};

struct PartitionSkipped {
  static constexpr LogEvent kEvent{LogLevel::Warn, "partition_skipped", "An operator skipped messages of a partition.",
                                   true};
  std::string_view topic;
  int32_t partition;
  int64_t offset;
  uint64_t messages_dropped;
  uint64_t offsets_skipped;
  std::string_view still_blocked;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField(log_key::kOffset, offset), LogField("messages_dropped", messages_dropped),
                      LogField("offsets_skipped", offsets_skipped), LogField("still_blocked", still_blocked));
  }
};

struct KafkaError {
  static constexpr LogEvent kEvent{LogLevel::Warn, "kafka_error", "The Kafka client reported an error; it retries."};
  std::string_view topic;
  int error_code;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kErrorCode, error_code), log_error(error));
  }
};

struct KafkaConsumerBroken {
  static constexpr LogEvent kEvent{LogLevel::Error, "kafka_consumer_broken",
                                   "The Kafka consumer failed; freshet creates a new one."};
  std::string_view topic;
  int error_code;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kErrorCode, error_code), log_error(error));
  }
};

struct KafkaRecovered {
  static constexpr LogEvent kEvent{LogLevel::Info, "kafka_recovered", "Kafka works again."};
  std::string_view topic;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic)); }
};

struct PartitionsAssignedEvent {
  static constexpr LogEvent kEvent{LogLevel::Info, "partitions_assigned", "Partitions were assigned."};
  std::string_view topic;
  uint64_t partitions;
  uint64_t resumed;
  uint64_t owned;
  int32_t generation;
  uint64_t consumer;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), LogField("partitions", partitions), LogField("resumed", resumed),
                      LogField("owned", owned), LogField("generation", generation), subject("consumer", consumer));
  }
};

struct PartitionsRevokedEvent {
  static constexpr LogEvent kEvent{LogLevel::Info, "partitions_revoked", "Partitions were revoked."};
  std::string_view topic;
  uint64_t partitions;
  bool lost;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), LogField("partitions", partitions), LogField("lost", lost));
  }
};

struct RevokeDrainTimeout {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "revoke_drain_timeout",
      "The batches of revoked partitions were not stored in time; the new owners read them again."};
  std::string_view topic;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic)); }
};

struct SuspendedPartitionsDropped {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "suspended_partitions_dropped",
      "Partitions of the last consumer were not assigned again; their messages in memory are dropped."};
  std::string_view topic;
  uint64_t batches_in_flight;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), LogField("batches_in_flight", batches_in_flight));
  }
};

struct DrainStarted {
  static constexpr LogEvent kEvent{LogLevel::Info, "drain_started",
                                   "freshet stops consuming and writes the rows that are ready."};
  std::string_view topic;
  uint64_t batches_in_flight;
  uint64_t in_flight_bytes;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), LogField("batches_in_flight", batches_in_flight),
                      LogField("in_flight_bytes", in_flight_bytes));
  }
};

struct BlockedBatchesUnresolved {
  static constexpr LogEvent kEvent{LogLevel::Error, "blocked_batches_unresolved",
                                   "Blocked batches were not resolved before the stop; the next start sends their rows "
                                   "again, and they may be stored twice."};
  std::string_view topic;
  uint64_t batches;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), LogField("batches", batches)); }
};

struct BatchesAbandoned {
  static constexpr LogEvent kEvent{
      LogLevel::Error, "batches_abandoned",
      "Batches were not stored before the drain deadline; the next start reads them again."};
  std::string_view topic;
  uint64_t batches;
  uint64_t rows;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), LogField("batches", batches), LogField("rows", rows));
  }
};

struct Progress {
  static constexpr LogEvent kEvent{LogLevel::Info, "progress", "What happened since the last progress line."};
  std::string_view topic;
  uint64_t messages;
  uint64_t rows;
  double rows_per_second;
  int64_t lag;
  uint64_t dead_letters;
  uint64_t insert_errors;
  uint64_t kafka_errors;
  uint64_t partitions_blocked;
  uint64_t rows_total;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), LogField("messages", messages), LogField("rows", rows),
                      LogField("rows_per_second", rows_per_second), LogField("lag", lag),
                      LogField("dead_letters", dead_letters), LogField("insert_errors", insert_errors),
                      LogField("kafka_errors", kafka_errors), LogField("partitions_blocked", partitions_blocked),
                      LogField("rows_total", rows_total));
  }
};

struct WritersNotStarted {
  static constexpr LogEvent kEvent{LogLevel::Warn, "writers_not_started",
                                   "Not all of --clickhouse-concurrency writers could be started."};
  uint64_t wanted;
  std::string_view error;
  auto fields() const { return log_fields(LogField("wanted", wanted), log_error(error)); }
};

struct BatchSkipped {
  static constexpr LogEvent kEvent{LogLevel::Warn, "batch_skipped",
                                   "An operator skipped a rejected batch: its invalid rows become dead letters.", true};
  std::string_view topic;
  int32_t partition;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition)); }
};

struct SeekFailed {
  static constexpr LogEvent kEvent{LogLevel::Error, "seek_failed", "A seek to another offset failed."};
  int32_t partition;
  std::string_view error;
  auto fields() const { return log_fields(subject(log_key::kPartition, partition), log_error(error)); }
};

struct PlanReplayed {
  static constexpr LogEvent kEvent{LogLevel::Info, "plan_replayed",
                                   "The last owner of the partition had planned inserts; freshet builds them again."};
  std::string_view topic;
  int32_t partition;
  int64_t first;
  int64_t last;
  uint64_t inserts;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField("first_offset", first), LogField("last_offset", last), LogField("inserts", inserts));
  }
};

struct PlanUnreadable {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "plan_unreadable",
      "The metadata of the committed offset is not from this version of freshet. Inserts that its owner had not "
      "finished are sent again under other tokens, so their rows may be stored twice."};
  std::string_view topic;
  int32_t partition;
  int64_t offset;
  std::string_view metadata;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField(log_key::kOffset, offset), LogField("metadata", metadata));
  }
};

struct PlanTruncated {
  static constexpr LogEvent kEvent{LogLevel::Warn, "plan_truncated",
                                   "The partition ends before messages that were planned. They do not exist any more; "
                                   "freshet continues at the end."};
  std::string_view topic;
  int32_t partition;
  int64_t end;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField(log_key::kOffset, end));
  }
};

struct PlanFull {
  static constexpr LogEvent kEvent{LogLevel::Warn, "plan_full",
                                   "The table rejects so many messages of a batch that the plan has no room for its "
                                   "pieces. Rows of these offsets may be stored twice if freshet ends now."};
  std::string_view topic;
  int32_t partition;
  int64_t first;
  int64_t last;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField("first_offset", first), LogField("last_offset", last));
  }
};

struct PlanOvertaken {
  static constexpr LogEvent kEvent{LogLevel::Info, "plan_overtaken",
                                   "The broker has another offset or plan than this process committed last; freshet "
                                   "starts the partition again from it."};
  std::string_view topic;
  int32_t partition;
  int64_t offset;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField(log_key::kOffset, offset));
  }
};

// The fields of the two events below.
struct PlannedChange {
  std::string_view topic;
  int32_t partition;
  int64_t first;
  int64_t last;
  uint64_t rows_before;
  uint64_t rows;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), subject(log_key::kPartition, partition),
                      LogField("first_offset", first), LogField("last_offset", last),
                      LogField("rows_before", rows_before), LogField("rows", rows));
  }
};

struct PlannedRowsChanged : PlannedChange {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "planned_rows_changed",
      "A planned insert has other rows than before, for example because the processor or an option changed. It keeps "
      "its token, so each row is stored once, as it was or as it is now. In a table with partitions, a row that "
      "belongs "
      "to another partition than before may be stored twice, or not at all."};
};

struct PlannedMessagesChanged : PlannedChange {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "planned_messages_changed",
      "A planned insert has rows of other messages than before, for example because the topic was recreated, or a "
      "processor that changed rejects other messages. It is sent under a new token; rows of the earlier insert may be "
      "stored twice."};
};

struct PlannedInsertExpired {
  static constexpr LogEvent kEvent{LogLevel::Warn, "planned_insert_expired",
                                   "An insert could not be sent within ten minutes after its plan was committed. "
                                   "freshet renews the consumer, looks the plan up and sends the insert again."};
  std::string_view topic;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic)); }
};

}  // namespace freshet::stream

// The log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::app {

struct TopicNotCreated {
  static constexpr LogEvent kEvent{LogLevel::Warn, "topic_not_created",
                                   "A topic could not be created; freshet retries."};
  std::string_view topic;
  std::string_view error;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), log_error(error)); }
};

struct TopicCreated {
  static constexpr LogEvent kEvent{LogLevel::Info, "topic_created", "A missing topic was created."};
  std::string_view topic;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic)); }
};

struct DependencyMissing {
  static constexpr LogEvent kEvent{LogLevel::Warn, "dependency_missing",
                                   "A topic or server that freshet needs is not available yet; freshet checks again."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct TableFinding {
  static constexpr LogEvent kEvent{LogLevel::Warn, "table_check",
                                   "The comparison of the table with sampled messages found a problem."};
  std::string_view table;
  std::string_view severity;
  std::string_view name;
  std::string_view error;
  auto fields() const {
    return log_fields(subject(log_key::kTable, table), LogField("severity", severity), subject("name", name),
                      log_error(error));
  }
};

// At-least-once delivery: a repeat after a lost answer, or by the next owner of a partition, stores rows twice.
struct RepeatsStored {
  static constexpr LogEvent kEvent{LogLevel::Warn, "repeats_stored",
                                   "After a failure, a repeated insert may be stored twice."};
  std::string_view table;
  std::string_view name;
  std::string_view error;
  std::string_view statement;
  auto fields() const {
    return log_fields(subject(log_key::kTable, table), subject("name", name), log_error(error),
                      LogField("statement", statement));
  }
};

struct DeliveryDecided {
  static constexpr LogEvent kEvent{LogLevel::Info, "delivery_decided", "Delivery is exactly once."};
  std::string_view delivery;
  std::string_view table;
  std::string_view reason;
  auto fields() const {
    return log_fields(LogField("delivery", delivery), subject(log_key::kTable, table), LogField("reason", reason));
  }
};

struct DeliveryFallback {
  static constexpr LogEvent kEvent{LogLevel::Warn, "delivery_fallback",
                                   "Exactly-once delivery is not possible; delivery is at least once."};
  std::string_view table;
  std::string_view error;
  std::string_view statement;
  auto fields() const {
    return log_fields(subject(log_key::kTable, table), log_error(error), LogField("statement", statement));
  }
};

// The fields of the two events below.
struct InsertFormatChange {
  std::string_view table;
  std::string_view format;
  std::string_view reason;  // why it is not Native
  auto fields() const {
    return log_fields(subject(log_key::kTable, table), subject("format", format), subject("reason", reason));
  }
};

struct InsertFormatDecided : InsertFormatChange {
  static constexpr LogEvent kEvent{LogLevel::Info, "insert_format", "The format of inserts is decided, or changes."};
};

struct InsertFormatFallback : InsertFormatChange {
  static constexpr LogEvent kEvent{LogLevel::Warn, "insert_format_fallback",
                                   "Inserts are not Native, which is configured."};
};

struct DeliveryNotAudited {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "delivery_not_audited",
      "Whether the table can take exactly-once inserts cannot be checked; freshet waits and checks again."};
  std::string_view table;
  std::string_view error;
  auto fields() const { return log_fields(subject(log_key::kTable, table), log_error(error)); }
};

struct WaitsForTable {
  static constexpr LogEvent kEvent{
      LogLevel::Info, "waits_for_table",
      "freshet joins the consumer group once it is clear which delivery the table permits. A stop ends the wait."};
  std::string_view table;
  std::string_view admin;
  auto fields() const { return log_fields(subject(log_key::kTable, table), LogField("admin", admin)); }
};

// The fields of the two events below.
struct DeliveryProblem {
  std::string_view table;
  std::string_view name;
  std::string_view error;
  std::string_view statement;
  auto fields() const {
    return log_fields(subject(log_key::kTable, table), subject("name", name), log_error(error),
                      LogField("statement", statement));
  }
};

struct DeliveryWaits : DeliveryProblem {
  static constexpr LogEvent kEvent{LogLevel::Error, "delivery_waits",
                                   "The table cannot take exactly-once inserts, which are configured; freshet waits "
                                   "until an operator has changed it."};
};

struct DeliveryNotKept : DeliveryProblem {
  static constexpr LogEvent kEvent{LogLevel::Error, "delivery_not_kept",
                                   "The table changed: after a failure, a repeated insert may be stored twice."};
};

struct DeliveryPossible {
  static constexpr LogEvent kEvent{LogLevel::Info, "delivery_possible",
                                   "The table can take exactly-once inserts now. If delivery is at least once, it "
                                   "becomes exactly once with the next start."};
  std::string_view table;
  std::string_view delivery;
  auto fields() const { return log_fields(subject(log_key::kTable, table), LogField("delivery", delivery)); }
};

struct SampleInvalid {
  static constexpr LogEvent kEvent{LogLevel::Warn, "sample_invalid", "Some of the sampled messages are invalid."};
  uint64_t invalid_messages;
  uint64_t sampled;
  std::string_view error;
  auto fields() const {
    return log_fields(LogField("invalid_messages", invalid_messages), LogField("sampled", sampled), log_error(error));
  }
};

struct ClickHouseProxy {
  static constexpr LogEvent kEvent{
      LogLevel::Info, "clickhouse_proxy",
      "Inserts go through the proxy that the environment names, unless no_proxy names the host."};
  std::string_view server_address;
  uint16_t server_port;
  std::string_view proxy;
  std::string_view variable;
  std::string_view no_proxy;
  auto fields() const {
    return log_fields(subject(log_key::kServerAddress, server_address), subject(log_key::kServerPort, server_port),
                      LogField("proxy", proxy), LogField("variable", variable), LogField("no_proxy", no_proxy));
  }
};

struct RuntimeConfigTimeout {
  static constexpr LogEvent kEvent{
      LogLevel::Warn, "runtime_config_timeout",
      "The store of live options does not answer; freshet joins the group with the options that it was started with."};
  double seconds;
  auto fields() const { return log_fields(LogField("seconds", seconds)); }
};

struct ConfigNotice {
  static constexpr LogEvent kEvent{LogLevel::Info, "config_notice", "A setting deserves attention."};
  std::string_view notice;
  auto fields() const { return log_fields(LogField("notice", notice)); }
};

struct ConfigWarning {
  static constexpr LogEvent kEvent{LogLevel::Warn, "config_warning", "A setting may cause harm."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct KafkaClientNotClosed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "kafka_client_not_closed",
                                   "A Kafka client could not be closed in time; the process ends without it."};
  auto fields() const { return log_fields(); }
};

struct Started {
  static constexpr LogEvent kEvent{LogLevel::Info, "started", "freshet started."};
  std::string_view version;
  std::string_view topic;
  std::string_view consumer_group;
  std::string_view table;
  std::string_view admin;
  auto fields() const {
    return log_fields(LogField("version", version), subject(log_key::kTopic, topic),
                      LogField(log_key::kConsumerGroup, consumer_group), subject(log_key::kTable, table),
                      LogField("admin", admin));
  }
};

struct Stopped {
  static constexpr LogEvent kEvent{LogLevel::Info, "stopped", "freshet stopped."};
  std::string_view topic;
  double seconds;
  uint64_t messages_consumed;
  uint64_t rows_written;
  uint64_t batches_written;
  uint64_t dead_letters;
  uint64_t abandoned;
  uint64_t renewals;
  uint64_t insert_errors;
  uint64_t kafka_errors;
  auto fields() const {
    return log_fields(subject(log_key::kTopic, topic), LogField("seconds", seconds),
                      LogField("messages_consumed", messages_consumed), LogField("rows_written", rows_written),
                      LogField("batches_written", batches_written), LogField("dead_letters", dead_letters),
                      LogField("abandoned", abandoned), LogField("renewals", renewals),
                      LogField("insert_errors", insert_errors), LogField("kafka_errors", kafka_errors));
  }
};

struct OutOfMemory {
  static constexpr LogEvent kEvent{LogLevel::Error, "out_of_memory",
                                   "Memory is exhausted; freshet stops in order and no data is lost. Give it more "
                                   "memory, or lower --memory-limit-bytes or --max-batch-bytes."};
  auto fields() const { return log_fields(); }
};

struct SchemaMissing {
  static constexpr LogEvent kEvent{LogLevel::Error, "schema_missing",
                                   "The schema of the topic cannot be opened; messages are not validated."};
  std::string_view topic;
  std::string_view error;
  auto fields() const { return log_fields(subject(log_key::kTopic, topic), log_error(error)); }
};

}  // namespace freshet::app

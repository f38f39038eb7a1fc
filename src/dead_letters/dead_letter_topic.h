// Reads a dead-letter topic, with the state of each dead letter.
#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "dead_letters/stored_dead_letter.h"
#include "kafka/kafka_settings.h"
#include "kafka/topic_reader.h"

namespace freshet::dead_letters {

struct OtherRecord {};  // neither a dead letter nor a mark

// What the topic holds at one position.
struct TopicRecord {
  Position position;
  std::variant<StoredDeadLetter, Origin, OtherRecord> what;  // Origin: the mark of a replayed message
  bool replayed = false;                                     // of a dead letter

  const StoredDeadLetter* letter() const { return std::get_if<StoredDeadLetter>(&what); }
};

// Threads: one. Errors as kafka::TopicReader.
class DeadLetterTopic {
 public:
  // Reads the topic once, for the marks. What the topic gets afterwards is not looked at.
  static Result<DeadLetterTopic> open(const kafka::ConnectionSettings& connection, const std::string& topic,
                                      std::stop_token stop, Clock& clock, Log& log);

  // Calls `take` with each record, in order within a partition, until it returns false. Can be called again.
  Status each(const std::function<bool(TopicRecord)>& take);
  const kafka::TopicReader::Ranges& ranges() const { return ranges_; }
  const std::string& name() const { return name_; }

 private:
  DeadLetterTopic(kafka::TopicReader reader, kafka::TopicReader::Ranges ranges, std::string name, std::stop_token stop)
      : reader_(std::move(reader)), ranges_(std::move(ranges)), name_(std::move(name)), stop_(std::move(stop)) {}

  kafka::TopicReader reader_;
  kafka::TopicReader::Ranges ranges_;
  std::string name_;
  std::stop_token stop_;
  std::set<Origin> replayed_;
};

}  // namespace freshet::dead_letters

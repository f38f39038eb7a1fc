// Reads a dead-letter topic, with the state of each dead letter.
#pragma once

#include <functional>
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

// Takes about 40 bytes of memory for each mark. Threads: one. Errors as kafka::TopicReader.
class DeadLetterTopic {
 public:
  // Reads the topic once, for the marks. What the topic gets afterwards is not looked at.
  static Result<DeadLetterTopic> open(const kafka::ConnectionSettings& connection, const std::string& topic,
                                      std::stop_token stop, Clock& clock, Log& log);

  // Calls `take` with each record, in order within a partition, until it returns false. Can be called again.
  Status each(const std::function<bool(TopicRecord)>& take);
  // Calls `take` with each mark that the topic got after open(), with a reader of its own.
  Status each_new_mark(const std::function<void(const Origin&)>& take) const;
  const kafka::TopicReader::Ranges& ranges() const { return ranges_; }

 private:
  DeadLetterTopic(std::function<Result<kafka::TopicReader>()> open_reader, kafka::TopicReader reader,
                  kafka::TopicReader::Ranges ranges, std::stop_token stop)
      : open_reader_(std::move(open_reader)),
        reader_(std::move(reader)),
        ranges_(std::move(ranges)),
        stop_(std::move(stop)) {}

  std::function<Result<kafka::TopicReader>()> open_reader_;
  kafka::TopicReader reader_;
  kafka::TopicReader::Ranges ranges_;
  std::stop_token stop_;
  OriginIds replayed_;
};

}  // namespace freshet::dead_letters

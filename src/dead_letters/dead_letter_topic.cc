#include "dead_letters/dead_letter_topic.h"

#include <chrono>
#include <utility>

namespace freshet::dead_letters {
namespace {

constexpr Duration kReadTimeout = std::chrono::seconds(30);

}  // namespace

Result<DeadLetterTopic> DeadLetterTopic::open(const kafka::ConnectionSettings& connection, const std::string& topic,
                                              std::stop_token stop, Clock& clock, Log& log) {
  auto reader = kafka::TopicReader::open(connection, topic, kReadTimeout, kafka::ReadAhead::Much, clock, log);
  if (!reader) return tl::make_unexpected(reader.error());
  auto ranges = reader->ranges();
  if (!ranges) return tl::make_unexpected(ranges.error());
  DeadLetterTopic opened(*std::move(reader), *std::move(ranges), topic, std::move(stop));
  const Status read = opened.reader_.read(opened.ranges_, opened.stop_, [&](const rd_kafka_message_t& message) {
    if (auto origin = read_mark(kafka::copy_of(message))) opened.replayed_.insert(*std::move(origin));
    return true;
  });
  if (!read) return tl::make_unexpected(read.error());
  return opened;
}

Status DeadLetterTopic::each(const std::function<bool(TopicRecord)>& take) {
  return reader_.read(ranges_, stop_, [&](const rd_kafka_message_t& message) {
    kafka::SampledMessage record = kafka::copy_of(message);
    TopicRecord found{{Partition{record.partition}, Offset{record.offset}}, OtherRecord(), false};
    if (auto mark = read_mark(record)) {
      found.what = *std::move(mark);
    } else if (auto letter = read_dead_letter(std::move(record))) {
      found.replayed = replayed_.contains(letter->origin);
      found.what = *std::move(letter);
    }
    return take(std::move(found));
  });
}

}  // namespace freshet::dead_letters

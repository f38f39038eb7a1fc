#include "dead_letters/dead_letter_topic.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "kafka/events.h"

namespace freshet::dead_letters {
namespace {

constexpr Duration kReadTimeout = std::chrono::seconds(30);

std::optional<Origin> mark_in(const rd_kafka_message_t& message, std::vector<HeaderView>& headers) {
  headers.clear();
  kafka::append_headers(&message, headers);
  return read_mark(headers);
}

Status each_mark(kafka::TopicReader& reader, const kafka::TopicReader::Ranges& ranges, const std::stop_token& stop,
                 const std::function<void(const Origin&)>& take) {
  std::vector<HeaderView> headers;
  return reader.read(ranges, stop, [&](const rd_kafka_message_t& message) {
    if (const auto origin = mark_in(message, headers)) take(*origin);
    return true;
  });
}

}  // namespace

Result<DeadLetterTopic> DeadLetterTopic::open(const kafka::ConnectionSettings& connection, const std::string& topic,
                                              std::stop_token stop, Clock& clock, Log& log) {
  const auto open_reader = [connection, topic, &clock, &log] {
    return kafka::TopicReader::open(connection, topic, kReadTimeout, kafka::ReadAhead::Much, clock, log);
  };
  auto reader = open_reader();
  if (!reader) return tl::make_unexpected(reader.error());
  auto ranges = reader->ranges();
  if (!ranges) return tl::make_unexpected(ranges.error());
  DeadLetterTopic opened(open_reader, *std::move(reader), *std::move(ranges), std::move(stop));
  const Status read = each_mark(opened.reader_, opened.ranges_, opened.stop_,
                                [&](const Origin& origin) { opened.replayed_.insert(id_of(origin)); });
  if (!read) return tl::make_unexpected(read.error());
  return opened;
}

Status DeadLetterTopic::each_new_mark(const std::function<void(const Origin&)>& take) const {
  auto reader = open_reader_();
  if (!reader) return tl::make_unexpected(reader.error());
  auto now = reader->ranges();
  if (!now) return tl::make_unexpected(now.error());
  for (auto& [partition, range] : *now) {
    const auto read = ranges_.find(partition);
    if (read != ranges_.end()) range.begin = std::max(range.begin, read->second.end);
  }
  return each_mark(*reader, *now, stop_, take);
}

Status DeadLetterTopic::each(const std::function<bool(TopicRecord)>& take) {
  std::vector<HeaderView> headers;
  return reader_.read(ranges_, stop_, [&](const rd_kafka_message_t& message) {
    TopicRecord found{{Partition{message.partition}, Offset{message.offset}}, OtherRecord(), false};
    if (auto mark = mark_in(message, headers)) {
      found.what = *std::move(mark);
    } else if (auto letter = read_dead_letter(kafka::copy_of(message))) {
      found.replayed = replayed_.contains(id_of(letter->origin));
      found.what = *std::move(letter);
    }
    return take(std::move(found));
  });
}

}  // namespace freshet::dead_letters

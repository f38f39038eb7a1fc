#include "stream/dlq_record.h"

#include <array>
#include <vector>

namespace freshet::stream {
namespace {

struct Header {
  const char* name;
  DlqHeaders set;  // the smallest set with this header
  std::string (*value)(const DeadLetterRecord& record, const StreamSettings& settings);
};

constexpr Header kHeaders[] = {
    {"original_topic", DlqHeaders::Provenance, [](const auto& record, const auto&) { return record.topic; }},
    {"original_partition", DlqHeaders::Position,
     [](const auto& record, const auto&) { return std::to_string(record.partition.value); }},
    {"original_offset", DlqHeaders::Position,
     [](const auto& record, const auto&) { return std::to_string(record.offset.value); }},
    {"original_timestamp", DlqHeaders::Provenance,
     [](const auto& record, const auto&) { return std::to_string(record.timestamp_ms); }},
    {"reason", DlqHeaders::Provenance, [](const auto& record, const auto&) { return record.reason; }},
    {"consumer_group", DlqHeaders::Provenance,
     [](const auto&, const auto& settings) { return settings.consumer_group; }},
};

}  // namespace

Status produce_dead_letter(RecordProducer& producer, const DeadLetterRecord& record, const StreamSettings& settings,
                           uint64_t ticket) {
  std::vector<HeaderView> headers;
  headers.reserve(record.headers.size() + std::size(kHeaders));
  for (const auto& [name, value] : record.headers) headers.push_back({name, value});
  std::array<std::string, std::size(kHeaders)> values;
  for (size_t i = 0; i < values.size(); ++i) {
    if (kHeaders[i].set > settings.dlq_headers) continue;
    values[i] = kHeaders[i].value(record, settings);
    headers.push_back({kHeaders[i].name, values[i]});
  }
  return producer.produce({record.key, record.payload, headers}, ticket);
}

}  // namespace freshet::stream

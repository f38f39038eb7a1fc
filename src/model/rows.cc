#include "model/rows.h"

namespace freshet {

std::string_view to_string(RowFormat format) {
  switch (format) {
    case RowFormat::JsonEachRow:
      return "JSONEachRow";
    case RowFormat::RowBinary:
      return "RowBinary";
    case RowFormat::Native:
      return "Native";
  }
  return "JSONEachRow";
}

uint64_t ProcessedChunk::held_bytes() const {
  uint64_t bytes = sizeof(ProcessedChunk) + rows.capacity() + dlq_contexts.capacity() +
                   messages.capacity() * sizeof(MessageRows) + skipped.capacity() * sizeof(OffsetRange) +
                   stats.origin_timestamps_ms.capacity() * sizeof(int64_t) + invalid.capacity() * sizeof(invalid[0]) +
                   side_records.capacity() * sizeof(SideRecord);
  for (const SideRecord& one : side_records) bytes += one.key.capacity() + one.value.capacity();
  for (const Message& one : dlq_messages) bytes += one.bytes();
  for (const UsageBytes& one : stats.usage) bytes += sizeof one + one.label.capacity();
  return bytes;
}

bool fit_one_insert(const RowLayout& one, const RowLayout& other) {
  const auto becomes_plain = [](const RowLayout& layout) {
    return layout.format == RowFormat::Native || (layout.format == RowFormat::JsonEachRow && layout.columns.empty());
  };
  return (becomes_plain(one) && becomes_plain(other)) || one == other;
}

std::shared_ptr<const RowLayout> plain_layout() {
  static const auto plain = std::make_shared<const RowLayout>();
  return plain;
}

}  // namespace freshet

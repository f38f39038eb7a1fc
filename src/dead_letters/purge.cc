#include "dead_letters/purge.h"

#include <utility>

#include "dead_letters/dead_letter_topic.h"
#include "dead_letters/selection.h"

namespace freshet::dead_letters {

Result<PurgePlan> plan_purge(const kafka::ConnectionSettings& connection, const std::string& dead_letter_topic,
                             const Selection& selection, std::stop_token stop, Clock& clock, Log& log) {
  auto topic = DeadLetterTopic::open(connection, dead_letter_topic, std::move(stop), clock, log);
  if (!topic) return tl::make_unexpected(topic.error());
  PurgePlan plan;
  std::map<Partition, Offset> first_to_keep;
  std::map<Partition, uint64_t> letters;  // before it
  const Status read = topic->each([&](const TopicRecord& record) {
    const Partition partition = record.position.partition;
    const StoredDeadLetter* letter = record.letter();
    const bool selected = letter != nullptr && matches(selection, *letter, record.replayed);
    if (first_to_keep.contains(partition)) {
      plan.kept += selected ? 1 : 0;
    } else if (selected) {
      ++letters[partition];
    } else if (!std::holds_alternative<Origin>(record.what)) {
      first_to_keep.emplace(partition, record.position.offset);
    }
    return true;
  });
  if (!read) return tl::make_unexpected(read.error());
  for (const auto& [partition, count] : letters) {
    const auto keep = first_to_keep.find(partition);
    plan.before.emplace(partition, keep == first_to_keep.end() ? topic->ranges().at(partition).end : keep->second);
    plan.letters += count;
  }
  return plan;
}

}  // namespace freshet::dead_letters

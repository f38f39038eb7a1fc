#include "dead_letters/purge.h"

#include <algorithm>
#include <utility>

#include "dead_letters/dead_letter_topic.h"
#include "dead_letters/selection.h"

namespace freshet::dead_letters {
namespace {

// Threads: one.
class Purge {
 public:
  Purge(DeadLetterTopic topic, const Selection& selection) : topic_(std::move(topic)), selection_(selection) {
    for (const auto& [partition, range] : topic_.ranges()) plan_.before.emplace(partition, range.end);
  }

  Result<PurgePlan> plan() {
    Status read = stop_before_what_is_not_selected();
    // A mark that is kept keeps what is behind it, which may need further marks.
    for (bool changed = true; read && changed;) read = keep_needed_marks(changed);
    if (read) read = count();
    if (!read) return tl::make_unexpected(read.error());
    std::erase_if(plan_.before, [this](const auto& one) { return one.second <= topic_.ranges().at(one.first).begin; });
    return plan_;
  }

 private:
  bool selected(const TopicRecord& record) const {
    return record.letter() != nullptr && matches(selection_, *record.letter(), record.replayed);
  }
  bool stays(const Position& position) const { return position.offset >= plan_.before.at(position.partition); }
  void keep(const Position& position) {
    Offset& before = plan_.before.at(position.partition);
    before = std::min(before, position.offset);
  }

  Status stop_before_what_is_not_selected() {
    return topic_.each([this](const TopicRecord& record) {
      if (!selected(record) && !std::holds_alternative<Origin>(record.what)) keep(record.position);
      return true;
    });
  }

  Status keep_needed_marks(bool& changed) {
    OriginIds kept;
    const Status read = topic_.each([&](const TopicRecord& record) {
      if (record.letter() != nullptr && stays(record.position)) kept.insert(id_of(record.letter()->origin));
      return true;
    });
    if (!read) return read;
    changed = false;
    return topic_.each([&](const TopicRecord& record) {
      const Origin* mark = std::get_if<Origin>(&record.what);
      if (mark == nullptr || stays(record.position) || !kept.contains(id_of(*mark))) return true;
      keep(record.position);
      return changed = true;
    });
  }

  Status count() {
    return topic_.each([this](const TopicRecord& record) {
      if (selected(record)) ++(stays(record.position) ? plan_.kept : plan_.letters);
      return true;
    });
  }

  DeadLetterTopic topic_;
  const Selection& selection_;
  PurgePlan plan_;
};

}  // namespace

Result<PurgePlan> plan_purge(const kafka::ConnectionSettings& connection, const std::string& dead_letter_topic,
                             const Selection& selection, std::stop_token stop, Clock& clock, Log& log) {
  auto topic = DeadLetterTopic::open(connection, dead_letter_topic, std::move(stop), clock, log);
  if (!topic) return tl::make_unexpected(topic.error());
  return Purge(*std::move(topic), selection).plan();
}

}  // namespace freshet::dead_letters

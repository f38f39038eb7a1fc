#include "dead_letters/selection.h"

namespace freshet::dead_letters {
namespace {

bool has_state(State wanted, bool replayed) { return wanted == State::Any || (wanted == State::Replayed) == replayed; }

}  // namespace

bool matches(const Selection& selection, const StoredDeadLetter& letter, bool replayed) {
  const Origin& origin = letter.origin;
  return has_state(selection.state, replayed) && (!selection.at || *selection.at == letter.position) &&
         (selection.topic.empty() || origin.topic.empty() || selection.topic == origin.topic) &&
         (!selection.partition || *selection.partition == origin.partition) &&
         (!selection.key || selection.key == letter.key) &&
         (!selection.since_ms || letter.stored_at_ms >= *selection.since_ms) &&
         (!selection.until_ms || letter.stored_at_ms < *selection.until_ms) &&
         letter.reason.find(selection.reason) != std::string::npos;
}

}  // namespace freshet::dead_letters

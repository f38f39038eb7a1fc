// The part of the core that deals with dead letters and held partitions.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/message_text.h"
#include "stream/core.h"

namespace freshet::stream {
namespace {

constexpr Duration kSayAgainAfter = std::chrono::minutes(1);

}  // namespace

void Core::add_letter(std::shared_ptr<const DeadLetter> letter, PartitionStream& stream, Actions& actions) {
  if (has_dead_letters_) return desk_.add(std::move(letter), stream.epoch);
  if (settings_.on_invalid == OnInvalid::Drop || settings_.skip_write) {
    if (letter->silenced) return close_letter({stream.partition, stream.epoch, letter->offset});
    metrics_.dropped(letter->reason_code).add();
    log_.warn("message_dropped", {{"topic", letter->topic},
                                  {"partition", letter->partition.value},
                                  {"offset", letter->offset.value},
                                  {"reason", letter->reason_code},  // equal ones are logged as one sample a minute
                                  {"detail", letter->reason}});
    return close_letter({stream.partition, stream.epoch, letter->offset});
  }
  const std::string reason = fmt::format(
      "the message at offset {0} cannot become a row and there is no dead-letter topic: {1}: {2}; go on "
      "from {3} with POST /release, or start with --dead-letter-topic",
      letter->offset.value, letter->reason_code, message_text(letter->reason), letter->offset.value + 1);
  hold(stream, Hold::Invalid, reason, actions);
}

void Core::close_letter(const DeadLetterDesk::Finished& finished) {
  PartitionStream* stream = find(finished.partition, finished.epoch);
  if (stream == nullptr) return;
  stream->letter_finished(finished.offset);
}

void Core::on_letter_result(uint64_t ticket, const Status& status, SteadyTime now, Actions& actions) {
  std::vector<DeadLetterDesk::Finished> finished;
  std::vector<DeadLetterDesk::Held> held;
  const std::string reason = desk_.reason_code(ticket);
  desk_.result(ticket, status, now, finished, held);
  for (const auto& letter : finished) {
    ++totals_.dead_letters;
    metrics_.dead_letters(reason).add();
    close_letter(letter);
  }
  if (!status && status.error().kind == ErrorKind::Retry) {
    remember_kafka_error(status.error().text);
    log_.warn("dead_letter_not_taken", {{"topic", settings_.topic}, {"error", status.error().text}});
  }
  apply_holds(held, actions);
}

void Core::apply_holds(const std::vector<DeadLetterDesk::Held>& held, Actions& actions) {
  for (const DeadLetterDesk::Held& one : held) {
    if (PartitionStream* stream = find(one.partition, one.epoch)) hold(*stream, one.hold, one.reason, actions);
  }
}

void Core::hold(PartitionStream& stream, Hold hold, std::string reason, Actions& actions) {
  if (stream.held_by(hold)) return;
  stream.holds.push_back({hold, std::move(reason)});
  if (stream.holds.size() == 1) stream.hold_said.reset();
  if (!stream.paused && !stream.suspended) actions.pause.push_back(stream.partition);
  stream.paused = true;
}

namespace {

// For who must not see what a message says.
const char* code_of(Hold hold) {
  switch (hold) {
    case Hold::Source:
      return "no_start_position";
    case Hold::Invalid:
      return "invalid_message";
    case Hold::Flood:
      return "too_many_dead_letters";
    case Hold::TooLarge:
      return "dead_letter_too_large";
    case Hold::Refused:
      return "replacement_refused";
    case Hold::Unreadable:
      return "record_batch_too_large";
    case Hold::Blocked:
      return "batch_blocked";
  }
  return "unknown";
}

}  // namespace

// A held partition waits for an operator, who may come at any time.
void Core::say_holds(SteadyTime now) {
  for (auto& [partition, stream] : streams_) {
    if (!stream.held() || (stream.hold_said && now - *stream.hold_said < kSayAgainAfter)) continue;
    stream.hold_said = now;
    log_.error("partition_held", {{"topic", settings_.topic},
                                  {"partition", partition.value},
                                  {"code", code_of(stream.holds.front().hold)},
                                  {"reason", stream.holds.front().reason},
                                  {"next_offset", stream.committable().value}});
  }
}

void Core::unhold(PartitionStream& stream, Hold hold, Actions& actions) {
  if (std::erase_if(stream.holds, [&](const HoldCause& cause) { return cause.hold == hold; }) == 0) return;
  stream.hold_said.reset();
  if (stream.held()) return;
  if (!pushing_back_ && !stream.reached_stop && !stream.revoking && !stream.suspended && phase_ == Phase::Running) {
    stream.paused = false;
    actions.resume.push_back(stream.partition);
  }
  log_.info("partition_goes_on",
            {{"topic", settings_.topic}, {"partition", stream.partition.value}, {"position", stream.position.value}});
}

bool Core::holds(Partition partition) const {
  const auto found = streams_.find(partition);
  return found != streams_.end() && !found->second.suspended && found->second.held();
}

// The first message that the partition is held for; empty: it is held for none.
std::optional<Offset> Core::offending(const PartitionStream& stream, Hold cause) const {
  switch (cause) {
    case Hold::Invalid:
      return stream.first_letter();
    case Hold::TooLarge:
      return desk_.first_refused_at(stream.partition);
    case Hold::Refused:
      return side_.first_replacement(stream.partition);
    case Hold::Unreadable:
      return stream.unreadable_at;
    case Hold::Source:
    case Hold::Flood:
    case Hold::Blocked:
      break;
  }
  return std::nullopt;
}

Status Core::may_release(const PartitionStream& stream, Hold cause, Offset next) const {
  // Where the source goes on, and from where commits may, is not known yet; and the answer would come too late for
  // both.
  if (stream.start_held == StartAt::Held::OutOfRange && !stream.held_by(Hold::Source) && next > stream.position) {
    return failure(ErrorKind::Retry,
                   fmt::format("where partition {} goes on is being looked up; try again", stream.partition.value));
  }
  if (cause == Hold::Source && next < stream.position && (!stream.idle() || commit_outstanding_)) {
    return failure(ErrorKind::Retry,
                   fmt::format("offsets below {} are still being written; try again", stream.position.value));
  }
  if (const auto at = offending(stream, cause); at && next <= *at) {
    return failure(ErrorKind::Invalid, fmt::format("partition {} is held at offset {}; go on from a later one",
                                                   stream.partition.value, at->value));
  }
  return {};
}

Result<Released> Core::release(Partition partition, Offset next, SteadyTime now, Actions& actions) {
  PartitionStream* stream = find(partition);
  if (stream == nullptr || stream->suspended) {
    return failure(ErrorKind::Invalid, fmt::format("partition {} is not owned by this process", partition.value));
  }
  if (!stream->held()) {
    return failure(ErrorKind::Invalid, fmt::format("partition {} is not held", partition.value));
  }
  const auto other = std::find_if(stream->holds.begin(), stream->holds.end(),
                                  [](const HoldCause& one) { return one.hold != Hold::Blocked; });
  if (other == stream->holds.end()) {
    return failure(ErrorKind::Invalid,
                   fmt::format("partition {} waits for a batch that is being sent again; try later", partition.value));
  }
  const Hold cause = other->hold;
  if (const Status may = may_release(*stream, cause, next); !may) return tl::make_unexpected(may.error());
  Released done;
  done.partition = partition;
  if (cause == Hold::Refused) {
    const auto given_up = side_.drop_replacements(partition, stream->epoch, next);
    if (given_up.empty()) {
      return failure(
          ErrorKind::Retry,
          fmt::format("the replacement of partition {} is being tried right now; try again", partition.value));
    }
    done.given_up += given_up.size();
    finish_stored({{}, given_up, {}});
  }
  std::vector<DeadLetterDesk::Finished> dropped;
  if (cause == Hold::TooLarge) desk_.drop_refused(partition, next, dropped);
  if (cause == Hold::Invalid) {
    for (const Offset offset : stream->letters_below(next)) dropped.push_back({partition, stream->epoch, offset});
  }
  for (const auto& letter : dropped) close_letter(letter);
  done.given_up += dropped.size();
  metrics_.dropped("released").add(done.given_up);
  if (cause == Hold::Flood) {
    desk_.release_flood(now);
    done.flood = true;
  }
  if (next > stream->position || cause == Hold::Source) {
    if (next > stream->position) done.not_read = static_cast<uint64_t>(next.value - stream->position.value);
    if (cause == Hold::Source && (next < stream->position || !stream->commits.acknowledged())) {
      stream->commits.decided_by_operator();
    }
    if (cause == Hold::Source) stream->start_held = StartAt::Held::No;
    stream->position = next;
    actions.seek.emplace_back(partition, next);
  }
  unhold(*stream, cause, actions);
  hold_again(*stream, cause, actions);
  if (stream->held()) done.held_again = stream->holds.front().reason;
  log_.warn("partition_released", {{"topic", settings_.topic},
                                   {"partition", partition.value},
                                   {"offset", next.value},
                                   {"given_up", done.given_up},
                                   {"not_read", done.not_read},
                                   {"held_again", done.held_again},
                                   {"audit", true}});
  return done;
}

// The same cause stands beyond the offset from which the operator goes on.
void Core::hold_again(PartitionStream& stream, Hold cause, Actions& actions) {
  if (cause == Hold::Invalid && stream.letters > 0) {
    hold(stream, cause,
         fmt::format("the message at offset {} cannot become a row and there is no dead-letter topic",
                     stream.first_letter().value_or(stream.committable()).value),
         actions);
  } else if (cause == Hold::TooLarge) {
    if (auto refused = desk_.first_refused(stream.partition)) hold(stream, cause, *std::move(refused), actions);
  }
}

void Core::refetch(const std::vector<Partition>& partitions, Actions& actions) {
  if (phase_ != Phase::Running) return;
  for (const Partition partition : partitions) {
    const PartitionStream* stream = find(partition);
    if (stream == nullptr || stream->paused || stream->revoking || stream->suspended) continue;
    actions.refetch.push_back(partition);
  }
}

}  // namespace freshet::stream

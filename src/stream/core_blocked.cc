// The part of the core that deals with blocked batches: those that only an operator can finish.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/message_text.h"
#include "stream/core.h"

namespace freshet::stream {

// The writer is free for others; the batch's partitions bring nothing new until it is resolved, so that no more can
// come twice after a restart than what is on its way now.
void Core::block_batch(BatchResult result, SteadyTime now, Actions& actions) {
  const std::shared_ptr<const SealedBatch> batch = result.batch;
  bool alive = false;
  for (const Part& part : batch->parts) {
    PartitionStream* const stream = find(part.partition, part.epoch);
    if (stream == nullptr) continue;
    --stream->batches;
    alive = true;
  }
  if (!alive) return give_up_blocked(batch->id);
  const BlockedPiece first = result.blocked.front();
  batches_.block(std::move(result), settings_.table.empty() ? "the table" : settings_.table, now);
  const std::string& reason = batches_.trouble_of(batch->id);
  totals_.last_insert_error = message_text(first.text);
  totals_.last_insert_error_at = wall_;
  log_.error(
      "batch_blocked",
      {{"topic", settings_.topic}, {"spans", batches_.spans(batch->id)}, {"code", first.code}, {"reason", reason}});
  for (const Part& part : batch->parts) {
    if (PartitionStream* stream = find(part.partition, part.epoch)) hold(*stream, Hold::Blocked, reason, actions);
  }
}

// Whoever has its partitions now sends its rows again.
void Core::give_up_blocked(uint64_t batch) {
  log_.warn("blocked_batch_given_up",
            {{"topic", settings_.topic},
             {"spans", batches_.spans(batch)},
             {"reason",
              "its partitions were lost: whoever has them now reads and sends its rows again, and they may be "
              "stored twice"}});
  batches_.finish(batch);
}

void Core::write_again(uint64_t id, Actions& actions) {
  BatchTask task = batches_.unblock(id);
  for (const Part& part : task.batch->parts) {
    if (PartitionStream* stream = find(part.partition, part.epoch)) ++stream->batches;
  }
  actions.again.push_back(std::move(task));
}

void Core::unhold_written(const SealedBatch& batch, Actions& actions) {
  for (const Part& part : batch.parts) {
    PartitionStream* stream = find(part.partition, part.epoch);
    if (stream == nullptr) continue;
    if (!batches_.delays(part.partition)) unhold(*stream, Hold::Blocked, actions);
    const auto next = batches_.blocked_with(part.partition);
    for (HoldCause& cause : stream->holds) {
      if (next && cause.hold == Hold::Blocked) cause.reason = batches_.trouble_of(*next);
    }
  }
}

bool Core::blocks(Partition partition) const {
  const auto found = streams_.find(partition);
  if (found == streams_.end() || found->second.suspended || !batches_.blocked_with(partition)) return false;
  const auto& holds = found->second.holds;
  return std::all_of(holds.begin(), holds.end(), [](const HoldCause& one) { return one.hold == Hold::Blocked; });
}

Result<Released> Core::resolve(Partition partition, std::optional<Resolution> resolution, SteadyTime now,
                               Actions& actions) {
  const PartitionStream* const stream = find(partition);
  if (stream == nullptr || stream->suspended) {
    return failure(ErrorKind::Invalid, fmt::format("partition {} is not owned by this process", partition.value));
  }
  const auto id = batches_.blocked_with(partition);
  if (!id) {
    return failure(ErrorKind::Invalid, fmt::format("no blocked batch has rows of partition {}", partition.value));
  }
  const std::vector<BlockedPiece> pieces = batches_.blocked(*id);
  const auto stored = [](const BlockedPiece& piece) { return piece.why == Blocked::MaybeStored; };
  const bool maybe_stored = std::any_of(pieces.begin(), pieces.end(), stored);
  if (resolution == Resolution::Stored && !maybe_stored) {
    return failure(ErrorKind::Invalid, fmt::format("nothing of the batch with rows of partition {} can be stored: its "
                                                   "insert is too large; release it without a resolution to give the "
                                                   "message up, or with \"retry\"",
                                                   partition.value));
  }
  if (!resolution && maybe_stored) {
    return failure(ErrorKind::Invalid, batches_.trouble_of(*id));
  }
  Released done;
  done.partition = partition;
  done.resolved = resolution;
  done.batch = !resolution;
  BatchTask left = batches_.unblock(*id);
  left.open.clear();
  for (const BlockedPiece& piece : pieces) {
    if (stored(piece)) done.resolved_rows += piece.rows;
    if (stored(piece) && resolution == Resolution::Stored) continue;
    if (!resolution && piece.piece.end - piece.piece.begin == 1) {
      left.refused.push_back(refused_message(*left.batch, piece));
    } else {
      left.open.push_back(piece.piece);
    }
  }
  log_.warn("batch_resolved", {{"topic", settings_.topic},
                               {"spans", batches_.spans(*id)},
                               {"resolution", !resolution                         ? "bad data"
                                              : *resolution == Resolution::Stored ? "stored"
                                                                                  : "retry"},
                               {"rows", done.resolved_rows},
                               {"audit", true}});
  for (const Part& part : left.batch->parts) {
    if (PartitionStream* one = find(part.partition, part.epoch)) ++one->batches;
  }
  if (!left.open.empty()) {
    actions.again.push_back(std::move(left));
  } else {
    on_batch({left.batch, true, std::move(left.refused), 0, {}, {}}, now, actions);
  }
  return done;
}

}  // namespace freshet::stream

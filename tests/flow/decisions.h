// With FRESHET_FLOW_PRINT set, prints what the stream decides, one decision per line, so that two versions of the code
// can be compared by seed.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <set>

#include "snuba_outputs/side_outputs.h"
#include "stream/pipeline.h"

namespace freshet::flow {

inline bool decisions_wanted() {
  static const bool wanted = std::getenv("FRESHET_FLOW_PRINT") != nullptr;
  return wanted;
}

inline void print_seed(uint64_t seed) {
  if (decisions_wanted()) std::printf("seed %lu\n", seed);
}

// The decisions of one turn. Pauses are printed as the difference between the source's state before and after the turn,
// for owned partitions. A command that changes nothing is not printed.
class Decisions {
 public:
  Decisions(const stream::Commands& commands, const std::set<int32_t>& paused, const std::set<int32_t>& owned)
      : paused_(paused), owned_(owned), before_(paused) {
    if (decisions_wanted()) print(commands);
  }
  ~Decisions() {
    if (!decisions_wanted()) return;
    for (const int32_t p : owned_) {
      if (paused_.contains(p) != before_.contains(p)) {
        std::printf("%s %d\n", paused_.contains(p) ? "pause" : "resume", p);
      }
    }
  }
  Decisions(const Decisions&) = delete;
  Decisions& operator=(const Decisions&) = delete;

 private:
  static void print(const stream::Commands& commands) {
    for (const auto& one : commands.work) {
      std::printf("work %d:%lu %zu%s\n", one.chunk.partition.value, one.sequence, one.chunk.messages.size(),
                  one.must ? " must" : "");
    }
    for (const auto& one : commands.batches) std::printf("insert %lu %s\n", one->id, one->insert_token.c_str());
    for (const auto& one : commands.again) std::printf("again %lu %zu\n", one.batch->id, one.open.size());
    for (const auto& one : commands.dead_letters) {
      std::printf("dead_letter %lu %d:%ld\n", one.ticket, one.record->partition.value, one.record->offset.value);
    }
    for (const auto& one : commands.records) {
      std::printf("record %s %lu %s\n", to_string(static_cast<snuba_outputs::SideTopicName>(one.topic)), one.ticket,
                  one.record->value.c_str());
    }
    if (commands.purge_records) std::printf("purge records\n");
    if (commands.answer_assign) {
      for (const auto& start : *commands.answer_assign) {
        std::printf("start %d:%ld\n", start.partition.value, start.next.value);
      }
    }
    for (const auto& [partition, next] : commands.seek) std::printf("seek %d:%ld\n", partition.value, next.value);
    for (const Partition partition : commands.refetch) std::printf("refetch %d\n", partition.value);
    for (const auto& one : commands.commit) std::printf("commit %d:%ld\n", one.partition.value, one.next.value);
    if (commands.abandon_batches) std::printf("abandon all\n");
    for (const uint64_t id : commands.abandon) std::printf("abandon %lu\n", id);
    if (commands.answer_revoke) std::printf("answer revoke\n");
    if (commands.begin_close) std::printf("close %d\n", static_cast<int>(*commands.begin_close));
  }

  const std::set<int32_t>& paused_;
  const std::set<int32_t>& owned_;
  const std::set<int32_t> before_;
};

}  // namespace freshet::flow

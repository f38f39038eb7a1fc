#include "kafka/start_positions.h"

#include <fmt/format.h>

#include <algorithm>

#include "kafka/commit_metadata.h"
#include "kafka/commit_request.h"
#include "kafka/error_table.h"
#include "kafka/offset_query.h"

namespace freshet::kafka {
namespace {

constexpr int kLookUpMs = 2000;
constexpr int kCommitPollMs = 100;
constexpr int kCommitPolls = 100;

tl::unexpected<Error> failed(rd_kafka_resp_err_t code, std::string_view what) {
  return tl::make_unexpected(to_error(code, what));
}

}  // namespace

StartDecision decide_start(const KafkaSettings& settings, const StartInputs& inputs) {
  if (inputs.committed && !inputs.out_of_range) return {Offset{*inputs.committed}, false, ""};
  if (inputs.out_of_range && inputs.committed && *inputs.committed >= inputs.low && *inputs.committed <= inputs.high) {
    return {Offset{*inputs.committed}, false, ""};
  }
  if (inputs.out_of_range && settings.strict_offset_reset) {
    return {
        Offset{inputs.low}, false,
        fmt::format(
            "its offset {} is out of range ({} to {}) and --strict-offset-reset is set: choose the offset to resume at",
            inputs.committed.value_or(-1), inputs.low, inputs.high)};
  }
  if (!inputs.out_of_range && inputs.is_new) return {Offset{inputs.low}, true, ""};
  switch (settings.auto_offset_reset) {
    case OffsetReset::Earliest:
      return {Offset{inputs.low}, true, ""};
    case OffsetReset::Latest:
      return {Offset{inputs.high}, true, ""};
    case OffsetReset::Error:
      break;
  }
  return {Offset{inputs.low}, false,
          fmt::format("it has no {} offset and --auto-offset-reset is error: choose the offset to start at ({} to {})",
                      inputs.out_of_range ? "usable" : "committed", inputs.low, inputs.high)};
}

StartPositions::StartPositions(rd_kafka_t* client, GroupRequests& requests, const KafkaSettings& settings, Clock& clock,
                               OnFailure on_failure)
    : client_(client), requests_(requests), settings_(settings), clock_(clock), on_failure_(std::move(on_failure)) {}

std::optional<StartPositions::Resolved> StartPositions::resolve(const std::vector<Partition>& partitions,
                                                                bool out_of_range, std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto resolved = try_resolve(partitions, out_of_range, stop);
    if (resolved) return *std::move(resolved);
    if (resolved.error().kind == ErrorKind::Stopping) break;
    on_failure_(resolved.error());
    if (resolved.error().kind == ErrorKind::Renew) break;
    if (!sleep_interruptibly(clock_, stop, std::chrono::seconds(1))) break;
  }
  return std::nullopt;
}

// Queries all partitions, not only ours: the metadata of any of them shows which ones are new.
Result<std::vector<StartPositions::Committed>> StartPositions::look_up_committed(std::stop_token stop) {
  const auto count = count_partitions();
  if (!count) return tl::make_unexpected(count.error());
  Partitions list(rd_kafka_topic_partition_list_new(*count));
  for (int32_t p = 0; p < *count; ++p) rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), p);
  if (stop.stop_requested()) return failure(ErrorKind::Stopping, "");
  if (const auto error = rd_kafka_committed(client_, list.get(), kLookUpMs); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return failed(error, "looking up the group's committed offsets");
  }
  std::vector<Committed> committed(static_cast<size_t>(*count));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(one.err, "looking up a committed offset");
    Committed& found = committed[static_cast<size_t>(one.partition)];
    if (one.offset >= 0) found.offset = one.offset;
    found.metadata = metadata_of(one);
  }
  return committed;
}

void StartPositions::take_plan(Committed& from, AssignedPartition& to) {
  if (auto ours = parse_commit_metadata(from.metadata)) {
    to.plan = std::move(ours->plan);
  } else {
    to.unknown_metadata = std::move(from.metadata);
  }
}

Result<StartPositions::Resolved> StartPositions::committed(const std::vector<Partition>& partitions,
                                                           std::stop_token stop) {
  auto all = look_up_committed(stop);
  if (!all) return tl::make_unexpected(all.error());
  Resolved resolved;
  resolved.partition_count = static_cast<int32_t>(all->size());
  for (const Partition partition : partitions) {
    const auto index = static_cast<size_t>(partition.value);
    AssignedPartition& one = resolved.partitions.emplace_back();
    one.partition = partition;
    one.unknown_to_group = index >= all->size() || !(*all)[index].offset;
    if (one.unknown_to_group) continue;
    one.start = Offset{*(*all)[index].offset};
    take_plan((*all)[index], one);
  }
  return resolved;
}

Result<StartPositions::Resolved> StartPositions::try_resolve(const std::vector<Partition>& partitions,
                                                             bool out_of_range, std::stop_token stop) {
  auto committed = look_up_committed(stop);
  if (!committed) return tl::make_unexpected(committed.error());
  int32_t known = 0;
  for (const Committed& one : *committed) {
    if (const auto ours = parse_commit_metadata(one.metadata)) known = std::max(known, ours->partitions);
  }
  const auto count = static_cast<int32_t>(committed->size());
  Resolved resolved;
  resolved.partition_count = count;
  std::map<Partition, StartInputs> all;
  std::vector<Partition> undecided;
  for (const Partition partition : partitions) {
    StartInputs& inputs = all[partition];
    if (partition.value < count) inputs.committed = (*committed)[static_cast<size_t>(partition.value)].offset;
    inputs.out_of_range = out_of_range;
    inputs.is_new = known > 0 && partition.value >= known;
    if (!inputs.committed || out_of_range) undecided.push_back(partition);
  }
  if (const Status status = look_up_watermarks(undecided, all, stop); !status) {
    leaders_failed_ = true;
    return tl::make_unexpected(status.error());
  }
  std::vector<std::pair<Partition, Offset>> chosen;
  for (const Partition partition : partitions) {
    const StartInputs& inputs = all[partition];
    StartDecision decision = decide_start(settings_, inputs);
    if (decision.chosen) chosen.emplace_back(partition, decision.start);
    AssignedPartition& one = resolved.partitions.emplace_back();
    one = {partition, decision.start, std::move(decision.no_valid_offset), !inputs.committed};
    // A start that the reset policy chose has no past.
    if (decision.chosen || !inputs.committed) continue;
    take_plan((*committed)[static_cast<size_t>(partition.value)], one);
  }
  if (const Status status = commit(chosen, count, stop); !status) return tl::make_unexpected(status.error());
  return resolved;
}

Result<int32_t> StartPositions::count_partitions() {
  const Topic topic(rd_kafka_topic_new(client_, settings_.topic.c_str(), nullptr));
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client_, 0, topic.get(), &raw, kLookUpMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(error, "looking up the topic");
  const Metadata metadata(raw);
  if (metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt < 1) {
    return failed(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, settings_.topic);
  }
  return metadata->topics[0].partition_cnt;
}

Status StartPositions::look_up_watermarks(const std::vector<Partition>& partitions,
                                          std::map<Partition, StartInputs>& inputs, std::stop_token stop) {
  if (partitions.empty()) return {};
  for (const PartitionEdge edge : {PartitionEdge::Begin, PartitionEdge::End}) {
    if (stop.stop_requested()) return failure(ErrorKind::Stopping, "");
    const auto found = query_offsets(client_, settings_.topic, partitions, edge, kLookUpMs);
    if (!found) return tl::make_unexpected(found.error());
    for (const Partition partition : partitions) {
      const auto at = found->find(partition);
      if (at == found->end()) {
        return failed(RD_KAFKA_RESP_ERR__TIMED_OUT,
                      fmt::format("looking up where partition {} begins and ends", partition.value));
      }
      (edge == PartitionEdge::Begin ? inputs[partition].low : inputs[partition].high) = at->second.value;
    }
  }
  return {};
}

Status StartPositions::commit(const std::vector<std::pair<Partition, Offset>>& starts, int32_t partition_count,
                              std::stop_token stop) {
  if (starts.empty()) return {};
  const std::string metadata = CommitMetadata{partition_count, {}}.text();
  Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(starts.size())));
  for (const auto& [partition, start] : starts) {
    auto* one = rd_kafka_topic_partition_list_add(list.get(), settings_.topic.c_str(), partition.value);
    one->offset = start.value;
    set_metadata(client_, *one, metadata);
  }
  const Queue answers(rd_kafka_queue_new(client_));
  const CommitRequest request(requests_);
  const auto error = rd_kafka_commit_queue(client_, list.get(), answers.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(error, "committing where a partition starts");
  for (int i = 0; i < kCommitPolls; ++i) {
    if (stop.stop_requested()) return failure(ErrorKind::Stopping, "");
    const Event event(rd_kafka_queue_poll(answers.get(), kCommitPollMs));
    if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT) continue;
    const auto result = rd_kafka_event_error(event.get());
    if (settings_.planned_commits && request.may_arrive_later(result)) {
      return tl::make_unexpected(uncertain_commit(result));
    }
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(result, "committing where a partition starts");
    return {};
  }
  if (settings_.planned_commits) return tl::make_unexpected(uncertain_commit(RD_KAFKA_RESP_ERR__TIMED_OUT));
  return failed(RD_KAFKA_RESP_ERR__TIMED_OUT, "committing where a partition starts");
}

}  // namespace freshet::kafka

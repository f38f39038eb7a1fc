#include "kafka/assignment.h"

#include <string_view>

#include "kafka/error_table.h"

namespace freshet::kafka {
namespace {

Status result_of(const LibraryError& error) {
  if (!error) return {};
  Error told = to_error(rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get()));
  told.kind = ErrorKind::Renew;
  return tl::make_unexpected(std::move(told));
}

Status result_of(rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  Error told = to_error(code, "assigning partitions");
  told.kind = ErrorKind::Renew;
  return tl::make_unexpected(std::move(told));
}

Positions without_offsets(const std::set<Partition>& partitions) {
  Positions positions;
  for (const Partition partition : partitions) positions.emplace_back(partition, Offset{RD_KAFKA_OFFSET_INVALID});
  return positions;
}

}  // namespace

bool Assignment::cooperative() const {
  const char* protocol = rd_kafka_rebalance_protocol(client_);  // null after the client is closed
  return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

Partitions Assignment::list_of(const Positions& positions) const {
  Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (const auto& [partition, offset] : positions) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition.value)->offset = offset.value;
  }
  return list;
}

// The subset of `positions` whose partitions the library has assigned.
Partitions Assignment::assigned_of(const Positions& positions) const {
  rd_kafka_topic_partition_list_t* raw = nullptr;
  rd_kafka_assignment(client_, &raw);
  const Partitions current(raw);
  Positions there;
  for (const auto& one : positions) {
    if (current && rd_kafka_topic_partition_list_find(current.get(), topic_.c_str(), one.first.value) != nullptr) {
      there.push_back(one);
    }
  }
  return list_of(there);
}

Status Assignment::unassign_what_is_there(const Positions& positions) {
  const Partitions there = assigned_of(positions);
  return result_of(LibraryError(rd_kafka_incremental_unassign(client_, there.get())));
}

Status Assignment::assign(const Positions& starts) {
  const Partitions list = list_of(starts);
  if (!cooperative()) return result_of(rd_kafka_assign(client_, list.get()));
  // The library refuses the whole list if one of its partitions is assigned already.
  if (assigned_of(starts)->cnt > 0) {
    if (Status removed = unassign_what_is_there(starts); !removed) return removed;
  }
  return result_of(LibraryError(rd_kafka_incremental_assign(client_, list.get())));
}

Status Assignment::unassign(const std::set<Partition>& partitions) {
  if (!cooperative()) return result_of(rd_kafka_assign(client_, nullptr));
  return unassign_what_is_there(without_offsets(partitions));
}

Status Assignment::move(Partition partition, Offset next, const Positions& all) {
  if (!cooperative()) return result_of(rd_kafka_assign(client_, list_of(all).get()));
  return assign({{partition, next}});
}

}  // namespace freshet::kafka

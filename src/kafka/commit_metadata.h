// The metadata that freshet commits with an offset, and what it reads from the metadata of others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kafka/handles.h"

namespace freshet::kafka {

// "freshet/1 partitions=N", or "freshet/2 partitions=N PLAN" with a plan of inserts (OffsetToCommit::plan). N is the
// number of partitions of the topic: a partition that appears later is thereby known to be new and starts at its
// beginning, even under `latest`.
struct CommitMetadata {
  int32_t partitions = 0;  // 0 = not known
  std::string plan;        // empty = none

  std::string text() const;
};

// nullopt: another program or a newer freshet wrote it. Empty metadata is known: it says nothing.
std::optional<CommitMetadata> parse_commit_metadata(std::string_view text);

// The metadata of a partition in a list of the client library; the bytes belong to the list.
std::string_view metadata_of(const rd_kafka_topic_partition_t& partition);
void set_metadata(rd_kafka_t* client, rd_kafka_topic_partition_t& partition, std::string_view text);

}  // namespace freshet::kafka

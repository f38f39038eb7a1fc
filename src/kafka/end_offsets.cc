#include "kafka/end_offsets.h"

#include <utility>

#include "kafka/client_config.h"
#include "kafka/offset_query.h"

namespace freshet::kafka {
namespace {

constexpr int kEndOffsetsMs = 2000;

}  // namespace

EndOffsets::EndOffsets(std::function<KafkaSettings()> settings, Reaper& reaper, Log& log)
    : settings_(std::move(settings)), reaper_(reaper), log_(log) {}

EndOffsets::~EndOffsets() { drop_client(); }

void EndOffsets::drop_client() {
  if (client_) reaper_.add(std::move(client_));
}

Status EndOffsets::open() {
  if (client_) return {};
  const KafkaSettings settings = settings_();
  topic_ = settings.topic;
  auto conf = lookup_conf(settings.connection, log_);
  if (!conf) return tl::make_unexpected(conf.error());
  auto client = make_client(RD_KAFKA_CONSUMER, *std::move(conf));
  if (!client) return tl::make_unexpected(client.error());
  client_ = *std::move(client);
  return {};
}

Result<std::map<Partition, Offset>> EndOffsets::look_up(const std::vector<Partition>& partitions) {
  if (const Status opened = open(); !opened) return tl::make_unexpected(opened.error());
  auto ends = query_offsets(client_.get(), topic_, partitions, PartitionEdge::End, kEndOffsetsMs);
  if (!ends || ends->size() < partitions.size()) drop_client();
  return ends;
}

}  // namespace freshet::kafka

#include "kafka/end_offsets.h"

#include <utility>

#include "kafka/client_config.h"
#include "kafka/error_table.h"

namespace freshet::kafka {
namespace {

constexpr int kLookUpMs = 2000;
// rd_kafka_offsets_for_times() takes a time in milliseconds; this one asks for the end.
constexpr int64_t kEnd = -1;

}  // namespace

EndOffsets::EndOffsets(std::function<KafkaSettings()> settings, Reaper& reaper, Log& log)
    : settings_(std::move(settings)), reaper_(reaper), log_(log) {}

EndOffsets::~EndOffsets() { forget_client(); }

void EndOffsets::forget_client() {
  if (client_) reaper_.park(std::move(client_));
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

// Not rd_kafka_query_watermark_offsets(): on a broker that accepts and never answers it does not keep its timeout.
Result<std::map<Partition, Offset>> EndOffsets::look_up(const std::vector<Partition>& partitions) {
  if (const Status opened = open(); !opened) return tl::make_unexpected(opened.error());
  const Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition.value)->offset = kEnd;
  }
  const auto error = rd_kafka_offsets_for_times(client_.get(), list.get(), kLookUpMs);
  std::map<Partition, Offset> ends;
  auto why = error;
  for (int i = 0; i < list->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.offset >= 0) {
      ends.emplace(Partition{one.partition}, Offset{one.offset});
    } else {
      why = one.err;
    }
  }
  if (ends.size() < partitions.size()) forget_client();
  if (ends.empty()) return tl::make_unexpected(to_error(why, "looking up where partitions end"));
  return ends;
}

}  // namespace freshet::kafka

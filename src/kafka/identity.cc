#include "kafka/identity.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <random>
#include <string_view>

#include "kafka/handles.h"
#include "kafka/kafka_events.h"

namespace freshet::kafka {
namespace {

constexpr size_t kMaxInstanceId = 249;
constexpr std::string_view kGroupMetadataPrefix = "CGMDv2:";
constexpr Duration kGroupQuery = std::chrono::seconds(1);
constexpr int kGroupQueries = 3;

using GroupMetadata =
    std::unique_ptr<rd_kafka_consumer_group_metadata_t, Freed<rd_kafka_consumer_group_metadata_destroy>>;

using GroupList = std::unique_ptr<const rd_kafka_group_list, Freed<rd_kafka_group_list_destroy>>;

bool uses_new_protocol(const KafkaSettings& settings) {
  const auto found = settings.connection.extra.find("group.protocol");
  return found != settings.connection.extra.end() && found->second == "consumer";
}

std::string generate(const std::string& group) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::random_device random;
  return make_instance_id(group, host.data(), fmt::format("{:08x}{:08x}", random(), random()));
}

// Rests: false while the group rebalances.
std::optional<bool> rests(const rd_kafka_group_list& list, const std::string& group) {
  for (int i = 0; i < list.group_cnt; ++i) {
    const rd_kafka_group_info& one = list.groups[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR || group != one.group) continue;
    const auto state = rd_kafka_consumer_group_state_code(one.state);
    return state != RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE &&
           state != RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE;
  }
  return std::nullopt;
}

}  // namespace

Identity::Identity(const KafkaSettings& settings, Log& log)
    : group_(settings.consumer_group),
      configured_(!settings.group_instance_id.empty()),
      new_protocol_(uses_new_protocol(settings)),
      log_(log),
      instance_id_(settings.group_instance_id) {
  if (new_protocol_) return;
  if (!configured_ && settings.generate_instance_id) instance_id_ = generate(group_);
  if (!instance_id_.empty()) continuity_.store(Membership::Continuity::Unknown);
}

std::string Identity::instance_id() const {
  MutexLock lock(mutex_);
  return instance_id_;
}

void Identity::broker_said(const std::string& about, bool knows_our_id) {
  if (about != instance_id()) return;
  continuity_.store(knows_our_id ? Membership::Continuity::Works : Membership::Continuity::Absent);
  if (knows_our_id) return;
  log_.emit(StaticMembershipUnavailable{group_, instance_id()});
  MutexLock lock(mutex_);
  if (!configured_) instance_id_.clear();
}

void Identity::regenerate() {
  if (configured_) return;
  const std::string generated = generate(group_);
  log_.emit(InstanceIdRegenerated{group_, generated});
  continuity_.store(Membership::Continuity::Unknown);
  MutexLock lock(mutex_);
  instance_id_ = generated;
}

std::string make_instance_id(const std::string& group, const std::string& host, const std::string& suffix) {
  std::string id = fmt::format("freshet-{}-{}", group, host.substr(0, host.find('.')));
  std::replace_if(
      id.begin(), id.end(),
      [](unsigned char c) { return c > 127 || (std::isalnum(c) == 0 && c != '.' && c != '_' && c != '-'); }, '_');
  id.resize(std::min(id.size(), kMaxInstanceId - suffix.size() - 1));
  return id + "-" + suffix;
}

GroupStanding group_standing(rd_kafka_t* client) {
  const GroupMetadata metadata(rd_kafka_consumer_group_metadata(client));
  if (!metadata) return {};
  void* data = nullptr;
  size_t size = 0;
  const LibraryError error(rd_kafka_consumer_group_metadata_write(metadata.get(), &data, &size));
  if (error) return {};
  const std::unique_ptr<void, decltype(&std::free)> owned(data, &std::free);
  return parse_group_metadata(static_cast<const char*>(data), size);
}

// Format: "CGMDv2:", generation (int32, host byte order), group id, member id; both ids end with a zero byte.
GroupStanding parse_group_metadata(const char* data, size_t size) {
  const std::string_view blob(data, size);
  if (!blob.starts_with(kGroupMetadataPrefix) || size < kGroupMetadataPrefix.size() + sizeof(int32_t)) return {};
  GroupStanding standing;
  std::memcpy(&standing.generation, data + kGroupMetadataPrefix.size(), sizeof(int32_t));
  const std::string_view rest = blob.substr(kGroupMetadataPrefix.size() + sizeof(int32_t));
  const size_t group_end = rest.find('\0');
  if (group_end == std::string_view::npos) return {};
  const std::string_view after = rest.substr(group_end + 1);
  standing.member_id = std::string(after.substr(0, after.find('\0')));
  return standing;
}

// A lost connection to any broker fails the whole query, so that it is repeated.
std::optional<bool> group_rests(rd_kafka_t* client, const std::string& group, Clock& clock) {
  const SteadyTime deadline = clock.steady_now() + kGroupQuery;
  for (int i = 0; i < kGroupQueries; ++i) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now());
    if (rest.count() <= 0) break;
    const rd_kafka_group_list* raw = nullptr;
    const auto error = rd_kafka_list_groups(client, group.c_str(), &raw, static_cast<int>(rest.count()));
    const GroupList list(raw);
    if (error == RD_KAFKA_RESP_ERR__TRANSPORT) continue;
    const bool listed = error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__PARTIAL;
    return listed && list ? rests(*list, group) : std::nullopt;
  }
  return std::nullopt;
}

bool names_instance(std::string_view member_id, std::string_view instance_id) {
  return !instance_id.empty() && member_id.size() > instance_id.size() && member_id.starts_with(instance_id) &&
         member_id[instance_id.size()] == '-';
}

}  // namespace freshet::kafka

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
constexpr int kListMs = 1000;
constexpr int kAnswerPollMs = 100;
constexpr int kAnswerPolls = 30;
constexpr int kRestPolls = 10;
constexpr int kAttempts = 10;
constexpr Duration kAskCoordinatorEvery = std::chrono::seconds(1);

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

// If the broker does not know DescribeConsumerGroups (as librdkafka's mock), that call blocks the client's main thread
// forever (2.0.2). The older ListGroups call fails safely.
std::optional<bool> groups_can_be_described(rd_kafka_t* client, const std::string& group) {
  const rd_kafka_group_list* raw = nullptr;
  const auto error = rd_kafka_list_groups(client, group.c_str(), &raw, kListMs);
  const GroupList list(raw);
  if (error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) return false;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__PARTIAL) return true;
  return std::nullopt;
}

struct Description {
  Event event;                                                 // owns what follows
  const rd_kafka_ConsumerGroupDescription_t* group = nullptr;  // null: no answer, or an error
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

Description describe(rd_kafka_t* client, const std::string& group, int polls, std::stop_token stop) {
  Description out;
  const Queue answers(rd_kafka_queue_new(client));
  const char* groups[] = {group.c_str()};
  rd_kafka_DescribeConsumerGroups(client, groups, 1, nullptr, answers.get());
  for (int i = 0; i < polls && !out.event && !stop.stop_requested(); ++i) {
    out.event.reset(rd_kafka_queue_poll(answers.get(), kAnswerPollMs));
  }
  if (!out.event) return out;
  out.error = rd_kafka_event_error(out.event.get());
  const auto* result = rd_kafka_event_DescribeConsumerGroups_result(out.event.get());
  if (result == nullptr || out.error != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
  size_t count = 0;
  const auto* descriptions = rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
  if (count != 1) return out;
  out.error = rd_kafka_error_code(rd_kafka_ConsumerGroupDescription_error(descriptions[0]));
  if (out.error == RD_KAFKA_RESP_ERR_NO_ERROR) out.group = descriptions[0];
  return out;
}

// One query. Empty if it was not answered, or if the client is not listed as a member: other members prove nothing.
std::optional<bool> ask(rd_kafka_t* client, const std::string& group, const std::string& instance_id,
                        std::stop_token stop) {
  const std::string own = group_standing(client).member_id;
  if (own.empty()) return std::nullopt;
  const auto possible = groups_can_be_described(client, group);
  if (!possible || !*possible) return possible;
  const Description description = describe(client, group, kAnswerPolls, stop);
  // The broker (or the mock) does not know the request.
  if (description.error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) return false;
  if (description.group == nullptr) return std::nullopt;
  bool shown = false;
  for (size_t m = 0; m < rd_kafka_ConsumerGroupDescription_member_count(description.group); ++m) {
    const auto* member = rd_kafka_ConsumerGroupDescription_member(description.group, m);
    const char* id = rd_kafka_MemberDescription_group_instance_id(member);
    if (id != nullptr && instance_id == id) return true;
    const char* member_id = rd_kafka_MemberDescription_consumer_id(member);
    shown = shown || (member_id != nullptr && own == member_id);
  }
  // Listed, but without its instance id.
  return shown ? std::optional<bool>(false) : std::nullopt;
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

std::optional<bool> group_rests(rd_kafka_t* client, const std::string& group, std::stop_token stop) {
  const Description description = describe(client, group, kRestPolls, stop);
  if (description.group == nullptr) return std::nullopt;
  const auto state = rd_kafka_ConsumerGroupDescription_state(description.group);
  return state != RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE &&
         state != RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE;
}

std::optional<bool> broker_knows(rd_kafka_t* client, const std::string& group, const std::string& instance_id,
                                 Clock& clock, std::stop_token stop) {
  for (int i = 0; i < kAttempts && !stop.stop_requested(); ++i) {
    if (const auto answer = ask(client, group, instance_id, stop)) return answer;
    if (!sleep_interruptibly(clock, stop, kAskCoordinatorEvery)) break;
  }
  return std::nullopt;
}

}  // namespace freshet::kafka

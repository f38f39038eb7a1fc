#include "kafka/identity.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "kafka/handles.h"

namespace freshet::kafka {
namespace {

KafkaSettings settings() {
  KafkaSettings s;
  s.connection.bootstrap_servers = "127.0.0.1:1";
  s.topic = "t";
  s.consumer_group = "g";
  return s;
}

TEST(IdentityTest, WithoutAConfiguredIdOneIsGeneratedForTheLifeOfTheProcess) {
  const Identity one(settings(), null_log());
  const Identity other(settings(), null_log());
  EXPECT_TRUE(one.instance_id().starts_with("freshet-g-")) << one.instance_id();
  EXPECT_NE(one.instance_id(), other.instance_id());
  EXPECT_FALSE(one.configured());
  EXPECT_EQ(one.continuity(), Membership::Continuity::Unknown);
}

TEST(IdentityTest, TheOperatorsIdIsTaken) {
  KafkaSettings s = settings();
  s.group_instance_id = "mine";
  Identity identity(s, null_log());
  EXPECT_EQ(identity.instance_id(), "mine");
  EXPECT_TRUE(identity.configured());
  identity.regenerate();
  EXPECT_EQ(identity.instance_id(), "mine");
  identity.broker_said("mine", false);
  EXPECT_EQ(identity.instance_id(), "mine");
  EXPECT_EQ(identity.continuity(), Membership::Continuity::Absent);
}

TEST(IdentityTest, NoneIsGeneratedWhenItIsTurnedOffOrTheProtocolCannotLeave) {
  KafkaSettings off = settings();
  off.generate_instance_id = false;
  EXPECT_EQ(Identity(off, null_log()).instance_id(), "");
  KafkaSettings next = settings();
  next.connection.extra["group.protocol"] = "consumer";
  const Identity identity(next, null_log());
  EXPECT_EQ(identity.instance_id(), "");
  EXPECT_EQ(identity.continuity(), Membership::Continuity::Absent);
  next.group_instance_id = "mine";
  EXPECT_EQ(Identity(next, null_log()).instance_id(), "mine");
}

TEST(IdentityTest, ABrokerWithoutStaticMembersEndsTheGeneratedIdAndFencingGeneratesAnother) {
  Identity identity(settings(), null_log());
  const std::string first = identity.instance_id();
  identity.broker_said(first, true);
  EXPECT_EQ(identity.continuity(), Membership::Continuity::Works);
  identity.regenerate();
  EXPECT_NE(identity.instance_id(), first);
  EXPECT_EQ(identity.continuity(), Membership::Continuity::Unknown);
  identity.broker_said(identity.instance_id(), false);
  EXPECT_EQ(identity.instance_id(), "");
}

TEST(IdentityTest, AnAnswerAboutAnIdThatWasGivenUpCountsForNobody) {
  for (const bool knows : {true, false}) {
    Identity identity(settings(), null_log());
    const std::string first = identity.instance_id();
    identity.regenerate();
    const std::string second = identity.instance_id();
    identity.broker_said(first, knows);
    EXPECT_EQ(identity.continuity(), Membership::Continuity::Unknown);
    EXPECT_EQ(identity.instance_id(), second);
  }
}

TEST(IdentityTest, AnInstanceIdHoldsOnlyWhatABrokerTakes) {
  EXPECT_EQ(make_instance_id("a group/ü", "host-1.example.org", "12ab"), "freshet-a_group___-host-1-12ab");
  const std::string longest = make_instance_id(std::string(400, 'g'), "host", "12ab");
  EXPECT_EQ(longest.size(), 249u);
  EXPECT_TRUE(longest.ends_with("-12ab"));
}

// Fails if another version of the library changes the format.
TEST(GroupStandingTest, GenerationAndMemberAreReadFromTheLibrarysOwnBytes) {
  rd_kafka_consumer_group_metadata_t* metadata =
      rd_kafka_consumer_group_metadata_new_with_genid("the group", 4711, "member-1", "instance");
  void* data = nullptr;
  size_t size = 0;
  ASSERT_EQ(rd_kafka_consumer_group_metadata_write(metadata, &data, &size), nullptr);
  const GroupStanding standing = parse_group_metadata(static_cast<const char*>(data), size);
  EXPECT_EQ(standing.generation, 4711);
  EXPECT_EQ(standing.member_id, "member-1");
  for (size_t shorter = 0; shorter < size; ++shorter) {
    parse_group_metadata(static_cast<const char*>(data), shorter);  // must not read past the end
  }
  EXPECT_EQ(parse_group_metadata("other bytes", 11).generation, -1);
  std::free(data);
  rd_kafka_consumer_group_metadata_destroy(metadata);
}

bool answers(rd_kafka_t* client, int timeout_ms) {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client, 0, nullptr, &raw, timeout_ms);
  const Metadata owned(raw);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

// Kafka, Redpanda and librdkafka's mock.
TEST(IdentityTest, AMemberIdShowsWhetherTheBrokerKnowsTheInstanceId) {
  EXPECT_TRUE(names_instance("freshet-g-host-12ab-0e7d5f6c-1111-4222-8333-444444444444", "freshet-g-host-12ab"));
  EXPECT_FALSE(names_instance("freshet-0e7d5f6c-1111-4222-8333-444444444444", "freshet-g-host-12ab")) << "client.id";
  EXPECT_FALSE(names_instance("0x7f54b4001000", "freshet-g-host-12ab"));
  EXPECT_FALSE(names_instance("pod-10-0e7d5f6c-1111-4222-8333-444444444444", "pod-1"));
  EXPECT_FALSE(names_instance("pod-1", "pod-1"));
  EXPECT_FALSE(names_instance("-0e7d5f6c", ""));
}

// A request of librdkafka's Admin API to the coordinator would abort the process here: it is given up after
// socket.timeout.ms, and its memory is used when the broker is back.
TEST(GroupRestsTest, AnOutageThatOutlastsTheLibrarysTimeoutsLeavesTheClientUsable) {
  std::array<char, 512> text{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "log_level", "0", text.data(), text.size());
  const Client owner(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
  const std::unique_ptr<rd_kafka_mock_cluster_t, Freed<rd_kafka_mock_cluster_destroy>> cluster(
      rd_kafka_mock_cluster_new(owner.get(), 1));
  conf = rd_kafka_conf_new();
  const char* bootstrap = rd_kafka_mock_cluster_bootstraps(cluster.get());
  for (const auto& [name, value] : {std::pair{"bootstrap.servers", bootstrap},
                                    {"group.id", "g"},
                                    {"socket.timeout.ms", "300"},
                                    {"log_level", "0"}}) {
    rd_kafka_conf_set(conf, name, value, text.data(), text.size());
  }
  const Client client(rd_kafka_new(RD_KAFKA_CONSUMER, conf, text.data(), text.size()));
  RealClock clock;
  ASSERT_TRUE(answers(client.get(), 20'000));
  rd_kafka_mock_broker_set_down(cluster.get(), 1);
  while (answers(client.get(), 100)) continue;
  EXPECT_EQ(group_rests(client.get(), "g", clock), std::nullopt);
  EXPECT_FALSE(answers(client.get(), 700));
  rd_kafka_mock_broker_set_up(cluster.get(), 1);
  ASSERT_TRUE(answers(client.get(), 20'000));
  EXPECT_EQ(group_rests(client.get(), "g", clock), std::nullopt) << "this broker cannot list groups";
  EXPECT_TRUE(answers(client.get(), 20'000));
}

}  // namespace
}  // namespace freshet::kafka

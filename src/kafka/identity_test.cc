#include "kafka/identity.h"

#include <gtest/gtest.h>

#include <cstdlib>

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

}  // namespace
}  // namespace freshet::kafka

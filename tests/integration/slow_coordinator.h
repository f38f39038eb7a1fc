// Renewals of a member whose coordinator answers late.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "group_member.h"
#include "testkit/kafka_proxy.h"

namespace freshet::testkit {

// All requests of a member to its coordinator.
inline const std::vector<KafkaApi> kCoordinatorApis = {KafkaApi::OffsetCommit, KafkaApi::OffsetFetch,
                                                       KafkaApi::JoinGroup,    KafkaApi::Heartbeat,
                                                       KafkaApi::SyncGroup,    KafkaApi::DescribeGroups};

struct LateAnswers {
  std::vector<KafkaApi> apis;
  KafkaFault::Where where = KafkaFault::Where::Request;
  std::chrono::seconds by{5};
};

// Renews `member` under load while the coordinator is late. It must succeed, with a pause of less than two delays: it
// never waits for two late answers one after the other.
inline void expect_short_pause(GroupMember& member, KafkaProxy& proxy, const LateAnswers& late) {
  ASSERT_TRUE(eventually(std::chrono::seconds(60), [&] { return member.service().consumer().continuity == "static"; }))
      << member.log();
  proxy.set(late.apis, KafkaFault::delay(late.where, late.by));
  const auto report = member.renew(std::chrono::minutes(3));
  proxy.clear();
  ASSERT_TRUE(report) << member.log();
  EXPECT_EQ(report->result, RenewalResult::Renewed) << report->error << member.log();
  EXPECT_EQ(report->mode, RenewalMode::Static);
  const std::chrono::duration<double> pause = report->pause.value_or(Duration::zero());
  std::cout << fmt::format("{} of {} kinds {} s late: pause {:.2f} s, generation {}\n",
                           late.where == KafkaFault::Where::Request ? "requests" : "answers", late.apis.size(),
                           late.by.count(), pause.count(), report->generation_kept ? "kept" : "changed");
  EXPECT_LT(pause, 2 * late.by) << member.log();
}

}  // namespace freshet::testkit

#include "kafka/reported_errors.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

namespace freshet::kafka {
namespace {

using std::chrono::seconds;

constexpr SteadyTime kReportedAt{std::chrono::hours(1)};
const Error kRefused{ErrorKind::Retry, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "refused"};
const Error kBroken{ErrorKind::Retry, RD_KAFKA_RESP_ERR__TRANSPORT, "broken"};

TEST(ReportedErrorsTest, TheSameErrorOfOnePartitionIsReportedOnceAMinute) {
  ReportedErrors reported;
  EXPECT_TRUE(reported.is_due(kRefused, 0, kReportedAt));
  EXPECT_FALSE(reported.is_due(kRefused, 0, kReportedAt + seconds(59)));
  EXPECT_TRUE(reported.is_due(kRefused, 0, kReportedAt + seconds(60)));
  EXPECT_FALSE(reported.is_due(kRefused, 0, kReportedAt + seconds(119))) << "the minute begins with the last report";
}

TEST(ReportedErrorsTest, EachPartitionAndEachErrorIsReportedByItself) {
  ReportedErrors reported;
  EXPECT_TRUE(reported.is_due(kRefused, kNoPartition, kReportedAt));
  EXPECT_TRUE(reported.is_due(kRefused, 0, kReportedAt));
  EXPECT_TRUE(reported.is_due(kRefused, 1, kReportedAt));
  EXPECT_TRUE(reported.is_due(kBroken, 1, kReportedAt));
  EXPECT_FALSE(reported.is_due(kRefused, 1, kReportedAt));
}

TEST(ReportedErrorsTest, WhatEndsTheConsumerIsNeverHeldBack) {
  ReportedErrors reported;
  const Error fatal{ErrorKind::Renew, RD_KAFKA_RESP_ERR__FATAL, "fatal"};
  EXPECT_TRUE(reported.is_due(fatal, kNoPartition, kReportedAt));
  EXPECT_TRUE(reported.is_due(fatal, kNoPartition, kReportedAt));
}

TEST(ReportedErrorsTest, ConnectionsThatStandAgainMayBreakAgain) {
  ReportedErrors reported;
  EXPECT_FALSE(reported.clear_connections());
  EXPECT_TRUE(reported.is_due(kBroken, kNoPartition, kReportedAt));
  EXPECT_TRUE(reported.is_due(kRefused, 0, kReportedAt));
  EXPECT_TRUE(reported.clear_connections());
  EXPECT_FALSE(reported.clear_connections());
  EXPECT_TRUE(reported.is_due(kBroken, kNoPartition, kReportedAt));
  EXPECT_FALSE(reported.is_due(kRefused, 0, kReportedAt)) << "it is about something else";
}

}  // namespace
}  // namespace freshet::kafka

#include "kafka/commit_request.h"

#include <gtest/gtest.h>

namespace freshet::kafka {
namespace {

struct CommitRequestTest : testing::Test {
  GroupRequests requests;
};

TEST_F(CommitRequestTest, AnAnsweredRequestIsOver) {
  const CommitRequest commit(requests);
  ++requests.commits_sent;
  EXPECT_FALSE(commit.may_arrive_later(std::nullopt));
  EXPECT_FALSE(commit.may_arrive_later(RD_KAFKA_RESP_ERR_NO_ERROR));
  EXPECT_FALSE(commit.may_arrive_later(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION));
}

TEST_F(CommitRequestTest, ARequestWithoutAnAnswerMayArriveLater) {
  const CommitRequest commit(requests);
  EXPECT_FALSE(commit.may_arrive_later(RD_KAFKA_RESP_ERR__TIMED_OUT)) << "it was never sent";
  ++requests.commits_sent;
  EXPECT_TRUE(commit.may_arrive_later(RD_KAFKA_RESP_ERR__TIMED_OUT));
  EXPECT_TRUE(commit.may_arrive_later(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT));
}

TEST_F(CommitRequestTest, ARequestThatTheLibraryRepeatsMayArriveLater) {
  const CommitRequest commit(requests);
  requests.commits_sent += 2;
  EXPECT_TRUE(commit.may_arrive_later(RD_KAFKA_RESP_ERR_NO_ERROR));
}

TEST_F(CommitRequestTest, AnotherCommitOfTheClientIsNoRepetition) {
  const CommitRequest commit(requests);
  const CommitRequest other(requests);
  requests.commits_sent += 2;
  EXPECT_FALSE(commit.may_arrive_later(RD_KAFKA_RESP_ERR_NO_ERROR));
}

}  // namespace
}  // namespace freshet::kafka

#include "aws/msk_token.h"

#include <fmt/chrono.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <latch>
#include <mutex>
#include <thread>

#include "aws/answers.h"
#include "aws/aws_for_test.h"
#include "base/base64url.h"
#include "testkit/fake_clock.h"
#include "testkit/recording_log.h"

namespace freshet::aws {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::string decoded(const std::string& token) { return from_base64url(token).value_or("?"); }

// As AWS's signer for Python (aws-msk-iam-sasl-signer-python 1.0.2 with botocore 1.44.8) makes it, but for the name of
// the program.
TEST(MskTokenTest, ATokenIsThatOfAwsSigner) {
  Credentials credentials;
  credentials.access_key = "AKIDEXAMPLE";
  credentials.secret_key = std::string("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  credentials.session_token = std::string("IQoJb3JpZ2luX2VjEXAMPLE//+token==");
  const SystemTime now = *time_in("2026-11-30T17:00:00Z");
  const MskToken token = sign_msk_token(credentials, "eu-central-1", now + std::chrono::milliseconds(999));
  EXPECT_EQ(decoded(token.token.reveal()),
            "https://kafka.eu-central-1.amazonaws.com/?Action=kafka-cluster%3AConnect&X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIDEXAMPLE%2F20261130%2Feu-central-1%2Fkafka-cluster%2Faws4_request"
            "&X-Amz-Date=20261130T170000Z&X-Amz-Expires=900"
            "&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2F%2F%2Btoken%3D%3D&X-Amz-SignedHeaders=host"
            "&X-Amz-Signature=60e823e4a96fc8934d3c581162e40df9eb1202c0a5e5b31d3579e69ca605f48d&User-Agent=freshet");
  EXPECT_EQ(token.expires, now + minutes(15));
  credentials.expires = now + minutes(10);
  EXPECT_EQ(sign_msk_token(credentials, "eu-central-1", now).expires, now + minutes(10));
}

// The container endpoint gives the credentials.
struct MskTokensTest : testing::Test {
  MskTokensTest() { aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = aws.server.url(); }
  void answer(const std::string& access_key, Duration valid_for) {
    const auto time = std::chrono::duration_cast<seconds>((clock.system_now() + valid_for).time_since_epoch()).count();
    aws.answer(aws.credentials(access_key, fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time))));
  }
  Result<MskToken> get() { return tokens.get(log, {}); }

  AwsForTest aws;
  testkit::FakeClock clock;
  testkit::RecordingLog log;
  MskTokens tokens{"eu-west-1", aws.environment(), clock};
};

TEST_F(MskTokensTest, ClientsShareATokenForHalfOfItsLifetime) {
  answer("ONE", minutes(60));
  const auto first = get();
  ASSERT_TRUE(first) << first.error().text;
  EXPECT_EQ(get()->token, first->token);
  clock.advance(minutes(8));
  answer("TWO", minutes(60));
  const auto second = get();
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_NE(decoded(second->token.reveal()).find("Credential=TWO"), std::string::npos);
  EXPECT_EQ(aws.server.requests().size(), 2U);
  EXPECT_EQ(log.count("aws_credentials_chosen"), 2U);
}

TEST_F(MskTokensTest, ATokenEndsWithItsCredentials) {
  answer("ONE", minutes(4));
  EXPECT_EQ(get()->expires, clock.system_now() + minutes(4));
  clock.advance(minutes(2));
  answer("TWO", minutes(60));
  EXPECT_EQ(get()->expires, clock.system_now() + minutes(15)) << "new ones while the last were valid";
}

TEST_F(MskTokensTest, ATokenThatAnyClientWasRefusedIsNotUsedAgain) {
  answer("ONE", minutes(60));
  const secrets::Secret refused = get()->token;
  clock.advance(minutes(1));
  EXPECT_EQ(tokens.refuse(refused), Duration::zero());
  answer("TWO", minutes(60));
  const auto second = get();
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_NE(second->token, refused);
  EXPECT_EQ(tokens.refuse(refused), Duration::zero()) << "by a client that still had it";
  EXPECT_EQ(get()->token, second->token);
}

TEST_F(MskTokensTest, ThePauseAfterARefusalGrowsUntilATokenIsAccepted) {
  for (const seconds pause : {seconds(5), seconds(10), seconds(20), seconds(40), seconds(60), seconds(60)}) {
    answer("ONE", minutes(60));
    const auto token = get();
    ASSERT_TRUE(token) << token.error().text;
    EXPECT_EQ(tokens.refuse(token->token), pause);
    clock.advance(pause - seconds(1));
    EXPECT_NE(get().error().text.find("a broker refused the last token"), std::string::npos);
    clock.advance(seconds(1));
  }
  EXPECT_EQ(aws.server.requests().size(), 6U) << "none in the pauses";
  answer("TWO", minutes(60));
  ASSERT_TRUE(get());
  clock.advance(minutes(8));
  answer("TWO", minutes(60));
  const auto token = get();
  ASSERT_TRUE(token) << token.error().text;
  EXPECT_EQ(tokens.refuse(token->token), seconds(5));
}

bool sleeps(pid_t thread) {
  std::string name, state;
  std::ifstream(fmt::format("/proc/self/task/{}/stat", thread)) >> thread >> name >> state;
  return state == "S";
}

// The first one is held in its look-up until the second one waits for it.
TEST_F(MskTokensTest, ThoseWhoWaitedShareAFailure) {
  aws.server.otherwise(testkit::FakeAnswer::foreign(500, "", ""));
  std::latch begun(1), released(1);
  std::once_flag once;
  const auto environment = [&](const char* name) {
    std::call_once(once, [&] {
      begun.count_down();
      released.wait();
    });
    return aws.environment()(name);
  };
  MskTokens held("eu-west-1", environment, clock);
  std::jthread first([&] { EXPECT_FALSE(held.get(log, {})); });
  begun.wait();
  std::atomic<pid_t> waits{0};
  std::jthread second([&] {
    testkit::RecordingLog another;
    waits = gettid();
    EXPECT_FALSE(held.get(another, {}));
  });
  EXPECT_TRUE(testkit::eventually(seconds(60), [&] { return waits > 0 && sleeps(waits); }));
  released.count_down();
  first.join();
  second.join();
  EXPECT_EQ(aws.server.requests().size(), 1U);
}

// The file may be empty while it is written.
TEST_F(MskTokensTest, AProfileThatHadCredentialsIsNotReplacedByAnEndpoint) {
  aws.variables.erase("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  aws.write(".aws/credentials", "[default]\naws_access_key_id=OFFILE\naws_secret_access_key=s\n");
  ASSERT_TRUE(get());
  for (const char* text : {"", "[default]\n", "[default]\naws_access_key_id=OFFILE\n"}) {
    aws.write(".aws/credentials", text);
    clock.advance(minutes(8));
    const auto token = get();
    ASSERT_TRUE(token) << token.error().text;
    EXPECT_NE(decoded(token->token.reveal()).find("Credential=OFFILE"), std::string::npos);
  }
  std::filesystem::remove(aws.folder.path(".aws/credentials"));
  clock.advance(minutes(8));
  EXPECT_TRUE(get());
  EXPECT_EQ(log.count("aws_credentials_not_renewed"), 4U);
  EXPECT_TRUE(aws.server.requests().empty());
  EXPECT_NE(log.texts().find("restart freshet"), std::string::npos);
}

TEST_F(MskTokensTest, ValidCredentialsOutliveAFailure) {
  answer("ONE", minutes(60));
  ASSERT_TRUE(get());
  clock.advance(minutes(10));
  aws.answer("", 500);
  const auto token = get();
  ASSERT_TRUE(token) << token.error().text;
  EXPECT_EQ(token->expires, clock.system_now() + minutes(15));
  EXPECT_EQ(log.count("aws_credentials_not_renewed"), 1U);
  clock.advance(minutes(60));
  aws.answer("", 500);
  EXPECT_NE(get().error().text.find("answers with status 500"), std::string::npos);
  answer("LATE", -minutes(1));
  EXPECT_NE(get().error().text.find("have expired"), std::string::npos);
}

TEST_F(MskTokensTest, TheSecretsAreMasked) {
  answer("ONE", minutes(60));
  const std::string token = get()->token.reveal();
  EXPECT_EQ(log.secrets().masked(token + " secret-of-ONE session-of-ONE ONE"), "*** *** *** ONE");
}

// As that of a check before the stream starts.
TEST_F(MskTokensTest, AClientThatLogsNothingMayHaveTheTokenFirst) {
  answer("ONE", minutes(60));
  const auto first = tokens.get(null_log(), {});
  ASSERT_TRUE(first) << first.error().text;
  const std::string token = first->token.reveal();
  EXPECT_EQ(get()->token.reveal(), token);
  EXPECT_EQ(log.count("aws_credentials_chosen"), 1U);
  EXPECT_EQ(log.secrets().masked(token), "***");
  testkit::RecordingLog another;
  EXPECT_TRUE(tokens.get(another, {}));
  EXPECT_EQ(another.secrets().masked(token), "***");
  EXPECT_EQ(another.count("aws_credentials_chosen"), 0U) << "once for a process";
  EXPECT_EQ(log.texts().find("secret-of"), std::string::npos);
}

TEST_F(MskTokensTest, TheRegionMayComeFromTheEnvironment) {
  MskTokens other("", aws.environment(), clock);
  EXPECT_NE(other.get(log, {}).error().text.find("no AWS region found"), std::string::npos);
  aws.variables["AWS_REGION"] = "eu-west-2";
  answer("ONE", minutes(60));
  EXPECT_NE(decoded(other.get(log, {})->token.reveal()).find("kafka.eu-west-2.amazonaws.com"), std::string::npos);
}

}  // namespace
}  // namespace freshet::aws

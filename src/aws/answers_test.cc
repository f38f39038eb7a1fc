#include "aws/answers.h"

#include <gtest/gtest.h>

namespace freshet::aws {
namespace {

TEST(AnswersTest, TimesAreRead) {
  const SystemTime time{std::chrono::seconds(1'440'938'160)};
  for (const char* text :
       {"2015-08-30T12:36:00Z", "2015-08-30T12:36:00.123Z", "2015-08-30T14:36:00+02:00", "2015-08-30T06:06:00-06:30"}) {
    EXPECT_EQ(time_in(text), time) << text;
  }
  for (const char* text : {"", "2015-08-30", "2015-08-30T12:36:00", "2015-08-30 12:36:00Z", "2015-13-30T12:36:00Z",
                           "2015-08-30T12:36:00+2", "0000-00-00T00:00:00Z", "9999-01-01T00:00:00Z",
                           "2015-08-30T12:36:00ZZ", "2015-08-3xT12:36:00Z"}) {
    EXPECT_FALSE(time_in(text)) << text;
  }
}

TEST(AnswersTest, JsonOfTheEndpointsAndOfAProcess) {
  const auto endpoint =
      credentials_in_json(R"({"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"secret","Token":"token",)"
                          R"("Expiration":"2015-08-30T12:36:00Z","RoleArn":"arn"})");
  ASSERT_TRUE(endpoint) << endpoint.error().text;
  EXPECT_EQ(endpoint->access_key, "AKID");
  EXPECT_EQ(endpoint->secret_key.reveal(), "secret");
  EXPECT_EQ(endpoint->session_token.reveal(), "token");
  EXPECT_EQ(endpoint->expires, SystemTime(std::chrono::seconds(1'440'938'160)));
  const auto process =
      credentials_in_json(R"({"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"secret","SessionToken":"token"})");
  ASSERT_TRUE(process) << process.error().text;
  EXPECT_EQ(process->session_token.reveal(), "token");
  EXPECT_FALSE(process->expires);
}

TEST(AnswersTest, WhatHasNoCredentialsSaysWhy) {
  const auto text_of = [](const char* json) {
    const auto found = credentials_in_json(json);
    return found ? std::string() : found.error().text;
  };
  EXPECT_EQ(text_of("<html>"), "is no JSON object");
  EXPECT_EQ(text_of("[]"), "is no JSON object");
  EXPECT_EQ(text_of(R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"})"),
            "has no credentials: AssumeRoleUnauthorizedAccess EC2 cannot assume the role");
  EXPECT_EQ(text_of(R"({"AccessKeyId":7})"), "has no credentials: AccessKeyId is missing");
  EXPECT_EQ(text_of(R"({"AccessKeyId":"AKID"})"), "has no credentials: SecretAccessKey is missing");
  EXPECT_EQ(text_of(R"({"AccessKeyId":"AKID","SecretAccessKey":"se\ncret"})"),
            "has no credentials: SecretAccessKey contains a line break");
  EXPECT_EQ(text_of(R"({"AccessKeyId":"AKID","SecretAccessKey":"secret","Expiration":"soon"})"),
            "has no credentials: their expiration is not a time: soon");
}

TEST(AnswersTest, XmlOfTheSecurityTokenService) {
  const auto found = credentials_in_xml(
      "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
      "<SessionToken>to/ken=</SessionToken><SecretAccessKey>secret</SecretAccessKey>"
      "<Expiration>2015-08-30T12:36:00Z</Expiration><AccessKeyId>ASIA</AccessKeyId></Credentials>");
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->access_key, "ASIA");
  EXPECT_EQ(found->session_token.reveal(), "to/ken=");
  EXPECT_TRUE(found->expires);
  const auto refused = credentials_in_xml(
      "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>Token expired</Message></Error>");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "has no credentials: ExpiredTokenException: Token expired");
  EXPECT_FALSE(credentials_in_xml("<AccessKeyId>"));
}

}  // namespace
}  // namespace freshet::aws

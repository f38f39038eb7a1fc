#include "aws/credential_chain.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>
#include <vector>

#include "aws/aws_for_test.h"
#include "aws/aws_settings.h"
#include "aws/endpoints.h"

namespace freshet::aws {
namespace {

using testkit::FakeAnswer;

struct CredentialChainTest : testing::Test {
  Result<Credentials> find() { return find_credentials({aws.environment(), "eu-west-1"}, {}); }
  std::string error() {
    const auto found = find();
    return found ? "found in " + found->source : found.error().text;
  }
  void expect_found(const std::string& access_key, const std::string& source) {
    const auto found = find();
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(found->access_key, access_key);
    EXPECT_NE(found->source.find(source), std::string::npos) << found->source;
  }
  AwsForTest aws;
};

// Each place is configured in turn, from the last to the first, and the earlier one is taken.
TEST_F(CredentialChainTest, TheOrderIsThatOfAwsTools) {
  for (const char* body : {"session", "role-of-node\n"}) aws.answer(body);
  aws.answer(aws.credentials("OFNODE"));
  expect_found("OFNODE", "the instance metadata, role role-of-node");
  const auto requests = aws.server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].target, "/latest/api/token");
  EXPECT_TRUE(requests[0].headers.contains("x-aws-ec2-metadata-token-ttl-seconds"));
  EXPECT_EQ(requests[1].target, "/latest/meta-data/iam/security-credentials/");
  EXPECT_EQ(requests[2].target, "/latest/meta-data/iam/security-credentials/role-of-node");
  EXPECT_EQ(requests[2].headers.at("x-aws-ec2-metadata-token"), "session");

  aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = aws.server.url() + "/v1/credentials";
  aws.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "not this one";
  aws.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = aws.write("pod", "token-of-pod\n");
  aws.answer(aws.credentials("OFPOD"));
  expect_found("OFPOD", "the container endpoint");
  EXPECT_EQ(aws.server.requests().back().target, "/v1/credentials");
  EXPECT_EQ(aws.server.requests().back().headers.at("authorization"), "token-of-pod");

  aws.write(".aws/config", "[default]\naws_access_key_id=OFCONFIG\naws_secret_access_key=s\n");
  expect_found("OFCONFIG", "/.aws/config, profile default");
  aws.write(".aws/credentials",
            "[default]\naws_access_key_id=OFFILE\naws_secret_access_key=s\naws_session_token=t\n"
            "[team]\naws_access_key_id=OFTEAM\naws_secret_access_key=s\n");
  expect_found("OFFILE", "/.aws/credentials, profile default");
  EXPECT_EQ(find()->session_token.reveal(), "t");
  aws.variables["AWS_PROFILE"] = "team";
  expect_found("OFTEAM", "profile team");

  aws.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = aws.write("web", "jwt+of/pod=");
  aws.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  aws.variables["AWS_ENDPOINT_URL_STS"] = aws.server.url();
  aws.answer("<AccessKeyId>OFWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>");
  expect_found("OFWEB", "the web identity of arn:aws:iam::1:role/r");
  EXPECT_EQ(aws.server.requests().back().raw_body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
            "&RoleSessionName=freshet&WebIdentityToken=jwt%2Bof%2Fpod%3D");

  aws.variables["AWS_ACCESS_KEY_ID"] = "OFVARIABLE";
  aws.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  expect_found("OFVARIABLE", "AWS_ACCESS_KEY_ID");
}

TEST_F(CredentialChainTest, NoCredentialsNamesEveryPlace) {
  aws.answer("", 404);
  const std::string text = error();
  for (const char* part :
       {"no AWS credentials found: AWS_ACCESS_KEY_ID is not set", "AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        ".aws/credentials cannot be read", ".aws/config cannot be read",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set",
        "instance metadata: http://127.0.0.1:", "/latest/api/token answers with status 404"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  aws.variables["AWS_EC2_METADATA_DISABLED"] = "true";
  aws.write(".aws/config", "[profile team]\nregion=eu-west-1\n");
  const std::string disabled = error();
  EXPECT_NE(disabled.find("AWS_EC2_METADATA_DISABLED is true"), std::string::npos) << disabled;
  EXPECT_NE(disabled.find(".aws/config has no profile default"), std::string::npos) << disabled;
  EXPECT_EQ(aws.server.requests().size(), 1U);
}

// Another place would be another account than the operator meant.
TEST_F(CredentialChainTest, APlaceThatIsConfiguredAndFailsEndsTheSearch) {
  aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = aws.server.url();
  aws.answer("", 500);
  EXPECT_NE(error().find("answers with status 500"), std::string::npos);
  aws.answer(R"({"Code":"Denied","Message":"no"})");
  EXPECT_NE(error().find("has no credentials: Denied no"), std::string::npos);
  aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://metadata.example.com/x";
  EXPECT_NE(error().find("http://metadata.example.com:80 must be https, or http at a loopback"), std::string::npos);
  aws.write(".aws/config", "[default]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=x\n");
  EXPECT_NE(error().find("freshet does not follow its role_arn; set AWS_PROFILE"), std::string::npos);
  aws.write(".aws/credentials", "[default]\naws_access_key_id=AKID\n");
  EXPECT_NE(error().find("freshet does not follow its role_arn"), std::string::npos);
  aws.write(".aws/config", "");
  EXPECT_NE(error().find("/.aws/credentials, profile default: aws_secret_access_key is missing"), std::string::npos);
  aws.variables["AWS_ACCESS_KEY_ID"] = "AKID";
  EXPECT_EQ(error(), "AWS_SECRET_ACCESS_KEY is missing");
}

// The metadata would answer with the role of the node, another identity.
TEST_F(CredentialChainTest, AProfileThatIsMeantAndCannotBeReadEndsTheSearch) {
  struct Case {
    std::map<std::string, std::string> variables;
    std::string error;
  };
  aws.write("empty", "");
  const std::vector<Case> cases = {
      {{{"AWS_PROFILE", "prdo"}}, "AWS_PROFILE is set, but "},
      {{{"AWS_DEFAULT_PROFILE", "prdo"}}, "has no profile prdo"},
      {{{"AWS_PROFILE", "team"}, {"AWS_DEFAULT_PROFILE", "other"}}, "set one of them"},
      {{{"AWS_SHARED_CREDENTIALS_FILE", "~/missing"}},
       "AWS_SHARED_CREDENTIALS_FILE: " + aws.folder.path("") + "/missing cannot be read"},
      {{{"AWS_CONFIG_FILE", aws.folder.path("missing")}}, "AWS_CONFIG_FILE: "},
      {{{"AWS_SHARED_CREDENTIALS_FILE", "~/empty"}, {"AWS_CONFIG_FILE", "/dev/null"}},
       "AWS_SHARED_CREDENTIALS_FILE is set, but "},
  };
  aws.write(".aws/config", "[profile team]\nregion=eu-west-1\n");
  for (const Case& one : cases) {
    const auto before = aws.variables;
    for (const auto& [name, value] : one.variables) aws.variables[name] = value;
    EXPECT_NE(error().find(one.error), std::string::npos) << one.error << "\n" << error();
    aws.variables = before;
  }
  std::filesystem::create_directories(aws.folder.path(".aws/credentials"));  // as root, every file can be read
  EXPECT_NE(error().find("/.aws/credentials cannot be read: Is a directory"), std::string::npos) << error();
  EXPECT_NE(find_region(aws.environment()).error().text.find("Is a directory"), std::string::npos);
  EXPECT_TRUE(aws.server.requests().empty());
}

TEST_F(CredentialChainTest, NoFilesAreNoProfile) {
  aws.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
  aws.variables["AWS_CONFIG_FILE"] = "/dev/null";
  for (const char* body : {"session", "role-of-node\n"}) aws.answer(body);
  aws.answer(aws.credentials("OFNODE"));
  expect_found("OFNODE", "the instance metadata");
}

// As botocore 1.43.11 does.
TEST_F(CredentialChainTest, ARoleOrSignInOfAProfileIsTakenBeforeItsKeysAndAProcessBeforeThoseOfTheConfigFile) {
  const std::string keys = "aws_access_key_id=OFKEYS\naws_secret_access_key=s\n";
  const std::string process = "credential_process = cat " + aws.write("output", aws.credentials("OFPROCESS")) + "\n";
  struct Case {
    std::string credentials;
    std::string config;
    std::string outcome;
  };
  const std::vector<Case> cases = {
      {keys, "role_arn=arn:aws:iam::1:role/r\nsource_profile=default\n",
       "config, profile default: freshet does not "
       "follow its role_arn"},
      {keys + "role_arn=arn:aws:iam::1:role/r\n", "", "credentials, profile default: freshet does not follow"},
      {keys, "role_arn=r\nweb_identity_token_file=t\n", "does not follow its role_arn"},
      {keys, "sso_account_id=1\nsso_role_name=r\n", "does not follow its sso_account_id"},
      {keys, "login_session=s\n", "found OFKEYS"},
      {"", process + "login_session=s\n", "does not follow its login_session"},
      {keys, process, "found OFKEYS"},
      {"", process + keys, "found OFPROCESS"},
      {"", process + "sso_session=s\n", "found OFPROCESS"},
      {"", "sso_session=s\n", "does not follow its sso_session"},
      {"", "credential_process =\n",
       "credential_process of " + aws.folder.path("") +
           "/.aws/config, profile default: "
           "names no command"},
  };
  for (const Case& one : cases) {
    aws.write(".aws/credentials", "[default]\n" + one.credentials);
    aws.write(".aws/config", "[default]\n" + one.config);
    const auto found = find();
    const std::string outcome = found ? "found " + found->access_key : found.error().text;
    EXPECT_NE(outcome.find(one.outcome), std::string::npos) << one.outcome << "\n" << outcome;
  }
}

// AWS would answer only that access is denied.
TEST_F(CredentialChainTest, WhatNoCredentialsContainIsNamed) {
  aws.variables["AWS_ACCESS_KEY_ID"] = "\"AKID\"";
  aws.variables["AWS_SECRET_ACCESS_KEY"] = "secret";
  EXPECT_EQ(error(), "AWS_ACCESS_KEY_ID contains a quotation mark");
  aws.variables["AWS_ACCESS_KEY_ID"] = "AKID";
  aws.variables["AWS_SESSION_TOKEN"] = "to\nken";
  EXPECT_EQ(error(), "AWS_SESSION_TOKEN contains a line break");
  aws.variables["AWS_SESSION_TOKEN"] = "token";
  expect_found("AKID", "AWS_ACCESS_KEY_ID");
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
    aws.variables.erase(name);
  aws.write(".aws/credentials", "[default]\naws_access_key_id=AK/ID\naws_secret_access_key=s\n");
  EXPECT_NE(error().find("profile default: aws_access_key_id is no access key"), std::string::npos) << error();
  std::filesystem::remove(aws.folder.path(".aws/credentials"));
  aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = aws.server.url();
  aws.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "to\nken";
  EXPECT_NE(error().find("AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line break"), std::string::npos) << error();
  aws.variables["AWS_REGION"] = "eu-west-1a";
  EXPECT_NE(find_region(aws.environment()).error().text.find("AWS_REGION: eu-west-1a is an availability zone"),
            std::string::npos);
}

TEST(RegionTest, AZoneNamesItsRegion) {
  for (const char* region : {"eu-central-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", "ap-southeast-10"}) {
    EXPECT_EQ(region_fault(region), "");
  }
  for (const auto& [zone, region] : std::map<std::string, std::string>{{"eu-west-1a", "eu-west-1"},
                                                                       {"us-west-2-lax-1a", "us-west-2"},
                                                                       {"us-west-2-lax-1", "us-west-2"},
                                                                       {"us-east-1-wl1-bos-wlz-1", "us-east-1"}}) {
    EXPECT_EQ(region_fault(zone), "is an availability zone; write its region, " + region);
  }
  for (const char* text :
       {"", "-", "1", "west-1", "west-1a", "-west-1", "eu--1", "eu--west-1", "eu-west", "eu-west1"}) {
    EXPECT_EQ(region_fault(text).find("is no region of AWS"), 0U) << text;
  }
}

TEST(ProcessEnvironmentTest, ALineEndAtTheEndOfAVariableDoesNotCount) {
  setenv("FRESHET_TEST_OF_AWS", "secret\n", 1);
  EXPECT_EQ(process_environment()("FRESHET_TEST_OF_AWS"), "secret");
  unsetenv("FRESHET_TEST_OF_AWS");
  EXPECT_EQ(process_environment()("FRESHET_TEST_OF_AWS"), "");
}

TEST_F(CredentialChainTest, AProcessPrintsCredentials) {
  const std::string file = aws.write("output", aws.credentials("OFPROCESS"));
  aws.write(".aws/config", "[default]\ncredential_process = cat " + file + "\n");
  expect_found("OFPROCESS", "credential_process of");
  aws.write(".aws/config", "[default]\ncredential_process = false\n");
  EXPECT_NE(error().find("ends with status"), std::string::npos);
}

TEST_F(CredentialChainTest, TheContainerOfEcsNamesOnlyAPath) {
  aws.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/id";
  aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "ignored";
  EXPECT_EQ(container_url(aws.environment()), "http://169.254.170.2/v2/credentials/id");
  for (const char* another_host : {".example.com/x", "@example.com/x", ":80@example.com/x"}) {
    aws.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = another_host;
    EXPECT_EQ(container_url(aws.environment()).error().text,
              "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with /");
  }
  aws.variables.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  EXPECT_FALSE(container_url(aws.environment()));
  aws.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://[fd00:ec2::23]/v1/credentials";
  EXPECT_TRUE(container_url(aws.environment()));
}

TEST_F(CredentialChainTest, TheTokenServiceIsThatOfTheProcessAndItsPartition) {
  const auto url = [&](const std::string& cluster) { return token_service_url(aws.environment(), cluster); };
  EXPECT_EQ(url("eu-west-1"), "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(url("us-gov-west-1"), "https://sts.us-gov-west-1.amazonaws.com/");
  EXPECT_EQ(url("cn-north-1"), "https://sts.cn-north-1.amazonaws.com.cn/");
  EXPECT_EQ(url("eusc-de-east-1"), "https://sts.eusc-de-east-1.amazonaws.eu/");
  EXPECT_EQ(url("us-iso-east-1"), "https://sts.us-iso-east-1.c2s.ic.gov/");
  EXPECT_EQ(url("us-isob-east-1"), "https://sts.us-isob-east-1.sc2s.sgov.gov/");
  aws.variables["AWS_DEFAULT_REGION"] = "eu-west-2";
  EXPECT_EQ(url("eu-west-1"), "https://sts.eu-west-2.amazonaws.com/");
  aws.variables["AWS_REGION"] = "eu-west-3";
  EXPECT_EQ(url("eu-west-1"), "https://sts.eu-west-3.amazonaws.com/");
  aws.variables["AWS_ENDPOINT_URL_STS"] = "https://sts.example.com";
  EXPECT_EQ(url("eu-west-1"), "https://sts.example.com");
}

TEST_F(CredentialChainTest, AnEndpointThatDoesNotAnswerEndsWithItsDeadlineOrTheStop) {
  aws.server.otherwise(FakeAnswer::of(FakeAnswer::How::Hang, false));
  EXPECT_EQ(find().error().kind, ErrorKind::Retry) << "after two seconds";
  std::stop_source stop;
  std::jthread stopper([&] {
    aws.server.wait_for_requests(2);
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto found = find_credentials({aws.environment(), "eu-west-1"}, stop.get_token());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1500));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::Stopping);
}

TEST_F(CredentialChainTest, TheRegionIsThatOfAwsTools) {
  EXPECT_NE(find_region(aws.environment()).error().text.find("neither AWS_REGION nor AWS_DEFAULT_REGION is set"),
            std::string::npos);
  aws.write(".aws/config", "[default]\nregion=eu-west-3\n");
  EXPECT_EQ(find_region(aws.environment()), "eu-west-3");
  aws.variables["AWS_DEFAULT_REGION"] = "eu-west-2";
  EXPECT_EQ(find_region(aws.environment()), "eu-west-2");
  aws.variables["AWS_REGION"] = "eu-west-1";
  EXPECT_EQ(find_region(aws.environment()), "eu-west-1");
}

}  // namespace
}  // namespace freshet::aws

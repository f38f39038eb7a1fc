#include "aws/shared_files.h"

#include <gtest/gtest.h>

namespace freshet::aws {
namespace {

constexpr std::string_view kText =
    "# comment\n"
    "aws_access_key_id = before any heading\n"
    "[default]\r\n"
    "AWS_Access_Key_Id = AKID\r\n"
    "aws_secret_access_key=se/cr=et+ # of the account\r\n"
    "s3 =\n"
    "  region = nested\n"
    "; comment = 1\n"
    "no setting\n"
    "[profile other]\n"
    "region = eu-west-1\n"
    "[ profile  'with blank' ] ; comment\n"
    "region=us-east-1\n"
    "[default]\n"
    "region = eu-central-1";

TEST(SharedFilesTest, TheSettingsOfAProfileAreFound) {
  const auto profile = profile_in(kText, SharedFile::Config, "default");
  ASSERT_TRUE(profile);
  EXPECT_EQ(*profile, (Profile{{"aws_access_key_id", "AKID"},
                               {"aws_secret_access_key", "se/cr=et+"},
                               {"s3", ""},
                               {"region", "eu-central-1"}}));
}

TEST(SharedFilesTest, TheHeadingOfAProfileDependsOnTheFile) {
  EXPECT_EQ(profile_in(kText, SharedFile::Config, "other")->at("region"), "eu-west-1");
  EXPECT_EQ(profile_in(kText, SharedFile::Config, "with blank")->at("region"), "us-east-1");
  EXPECT_FALSE(profile_in(kText, SharedFile::Credentials, "other"));
  EXPECT_FALSE(profile_in("[other]\nregion=x", SharedFile::Config, "other"));
  EXPECT_TRUE(profile_in("[other]\nregion=x", SharedFile::Credentials, "other"));
  EXPECT_TRUE(profile_in("[other]", SharedFile::Credentials, "other"));
}

TEST(SharedFilesTest, WhatIsNoFileOfProfilesHasNone) {
  for (const std::string_view text : {"", "[", "[]", "[default", "=", "\n\n=\n", "[profile]", "[profiledefault]"}) {
    EXPECT_FALSE(profile_in(text, SharedFile::Config, "default")) << text;
    EXPECT_FALSE(profile_in(text, SharedFile::Config, "")) << text;
  }
}

}  // namespace
}  // namespace freshet::aws

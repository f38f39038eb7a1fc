#include "kafka/connection_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace freshet::kafka {
namespace {

struct ConnectionFilesTest : testing::Test {
  ConnectionFilesTest()
      : folder(std::filesystem::temp_directory_path() / ("freshet-files-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(folder);
  }
  ~ConnectionFilesTest() override { std::filesystem::remove_all(folder); }
  std::string write(const std::string& name, const std::string& content) {
    const auto path = folder / name;
    std::ofstream(path.string() + ".new") << content;
    std::filesystem::rename(path.string() + ".new", path);
    return path.string();
  }

  const std::filesystem::path folder;
};

TEST_F(ConnectionFilesTest, AChangedPasswordIsSeenOnce) {
  ConnectionSettings settings;
  settings.sasl_password_file = write("password", "one\n");
  settings.sasl_password = "one";
  ConnectionFiles files(settings);
  EXPECT_TRUE(files.any());
  EXPECT_EQ(files.look(), "");
  write("password", "two\r\n");
  EXPECT_EQ(files.look(), settings.sasl_password_file);
  EXPECT_EQ(files.look(), "");
  EXPECT_EQ(files.settings().sasl_password, "two");
}

TEST_F(ConnectionFilesTest, AChangedPasswordIsMaskedFromThenOn) {
  ConnectionSettings settings;
  settings.sasl_password_file = write("password", "one");
  settings.sasl_password = "one";
  SecretMask mask({"one"});
  ConnectionFiles files(settings, &mask);
  write("password", "twotwo\n");
  EXPECT_NE(files.look(), "");
  EXPECT_EQ(mask.masked("login twotwo failed, before it one"), "login *** failed, before it ***");
}

TEST_F(ConnectionFilesTest, WhatIsMissingOrEmptyIsOnItsWay) {
  ConnectionSettings settings;
  settings.sasl_password_file = write("password", "one");
  settings.sasl_password = "one";
  ConnectionFiles files(settings);
  write("password", "\n");
  EXPECT_EQ(files.look(), "");
  std::filesystem::remove(settings.sasl_password_file);
  EXPECT_EQ(files.look(), "");
  EXPECT_EQ(files.settings().sasl_password, "one");
  write("password", "one");
  EXPECT_EQ(files.look(), "");
  write("password", "three");
  EXPECT_NE(files.look(), "");
  EXPECT_EQ(files.settings().sasl_password, "three");
}

TEST_F(ConnectionFilesTest, CertificatesAndKeysAreLookedAtHoweverTheyWereNamed) {
  ConnectionSettings settings;
  settings.ssl_ca_file = write("ca", "1");
  settings.ssl_cert_file = write("cert", "1");
  settings.ssl_key_file = write("key", "1");
  settings.extra["ssl.crl.location"] = write("crl", "1");
  settings.extra["ssl.ca.location"] = folder.string();  // a directory is not a file
  ConnectionFiles files(settings);
  for (const char* name : {"ca", "cert", "key", "crl"}) {
    const std::string path = write(name, "2");
    EXPECT_EQ(files.look(), path);
  }
  write("cert", "3");
  write("key", "3");
  EXPECT_EQ(files.look(), settings.ssl_cert_file + ", " + settings.ssl_key_file);
  EXPECT_FALSE(ConnectionFiles({}).any());
}

}  // namespace
}  // namespace freshet::kafka

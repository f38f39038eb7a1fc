#include "kafka/connection_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "testkit/fake_clock.h"

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

  ConnectionSettings with_password(const std::string& password) {
    ConnectionSettings settings;
    settings.sasl_password = {password, write("password", password + "\n")};
    return settings;
  }
  std::string look(ConnectionFiles& files) {
    clock.advance(std::chrono::seconds(2));
    return files.look();
  }

  const std::filesystem::path folder;
  testkit::FakeClock clock;
  SecretMask mask;
  secrets::PlainSecretStore secrets{clock, &mask};
};

TEST_F(ConnectionFilesTest, AChangedPasswordIsSeenOnce) {
  const ConnectionSettings settings = with_password("one");
  ConnectionFiles files(settings, secrets.get());
  EXPECT_TRUE(files.any());
  EXPECT_EQ(look(files), "");
  write("password", "two\r\n");
  EXPECT_EQ(look(files), settings.sasl_password.from);
  EXPECT_EQ(look(files), "");
  EXPECT_EQ(files.settings().sasl_password.reveal(), "two");
}

TEST_F(ConnectionFilesTest, AChangedPasswordIsMaskedFromThenOn) {
  ConnectionFiles files(with_password("one"), secrets.get());
  write("password", "twotwo\n");
  EXPECT_NE(look(files), "");
  EXPECT_EQ(mask.masked("login twotwo failed"), "login *** failed");
}

TEST_F(ConnectionFilesTest, WhatIsMissingOrEmptyIsOnItsWay) {
  const ConnectionSettings settings = with_password("one");
  ConnectionFiles files(settings, secrets.get());
  write("password", "\n");
  EXPECT_EQ(look(files), "");
  std::filesystem::remove(settings.sasl_password.from);
  EXPECT_EQ(look(files), "");
  EXPECT_EQ(files.settings().sasl_password.reveal(), "one");
  write("password", "one");
  EXPECT_EQ(look(files), "");
  write("password", "three");
  EXPECT_NE(look(files), "");
  EXPECT_EQ(files.settings().sasl_password.reveal(), "three");
}

TEST_F(ConnectionFilesTest, ARefusalReadsThePasswordAtOnce) {
  ConnectionFiles files(with_password("one"), secrets.get());
  EXPECT_EQ(look(files), "");
  write("password", "two");
  EXPECT_EQ(files.look(), "") << "looked at within this second";
  EXPECT_NE(files.look_after_refusal({}), "");
  EXPECT_EQ(files.settings().sasl_password.reveal(), "two");
}

TEST_F(ConnectionFilesTest, ASecretPropertyIsReadAgain) {
  ConnectionSettings settings;
  const std::string property = "sasl.oauthbearer.client.secret";
  settings.extra[property] = "one";
  settings.extra_secrets[property] = {"one", write("client", "one")};
  ConnectionFiles files(settings, secrets.get());
  EXPECT_EQ(look(files), "");
  write("client", "two");
  EXPECT_EQ(look(files), settings.extra_secrets[property].from);
  EXPECT_EQ(files.settings().extra.at(property), "two");
}

TEST_F(ConnectionFilesTest, ACommandRunsAgainAfterARefusal) {
  ConnectionSettings settings;
  settings.sasl_password = {"one", "exec:cat " + write("password", "two")};
  ConnectionFiles files(settings, secrets.get());
  EXPECT_TRUE(files.any());
  EXPECT_EQ(look(files), "");
  files.refused_later();
  clock.advance(std::chrono::seconds(5));
  secrets.get()->run_due_commands({});
  EXPECT_EQ(files.look(), "exec:cat ***");
  EXPECT_EQ(files.settings().sasl_password.reveal(), "two");
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

#include "runtime_config/stores.h"

#include <gtest/gtest.h>

#include <fstream>
#include <mutex>

#include "testkit/child_process.h"
#include "testkit/socket.h"

namespace freshet::runtime_config {
namespace {

RuntimeConfigSettings settings_of_store(std::string store) {
  RuntimeConfigSettings settings;
  settings.store = std::move(store);
  settings.redis_hash = "h";
  return settings;
}

TEST(StoresTest, FilesAreYamlOrJson) {
  EXPECT_EQ(parse_options("a: 1\nb: {c: 2}\n")->at("a"), "1");
  EXPECT_EQ(parse_options(R"({"a": "x"})")->at("a"), "x");
  EXPECT_TRUE(parse_options("")->empty());
  EXPECT_FALSE(parse_options("[1]"));
  EXPECT_NE(parse_options("a: [").error().text.find("line"), std::string::npos);
}

TEST(StoresTest, FixedValuesWinAndAreThereWhileTheStoreIsNot) {
  RuntimeConfigSettings settings = settings_of_store("redis://127.0.0.1:1/1");
  settings.fixed = {{"a", "1"}};
  const auto store = open_store(settings);
  ASSERT_TRUE(store);
  EXPECT_EQ(*(*store)->read(), (RawOptions{{"a", "1"}}));
  EXPECT_TRUE((*store)->degraded());
}

TEST(StoresTest, TlsIsRefusedWithAWayOut) {
  const auto store = open_store(settings_of_store("rediss://h:1/1"));
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().text.find("file:PATH"), std::string::npos);
}

TEST(StoresTest, UserAndPasswordOfTheUrlArePercentDecoded) {
  std::mutex mutex;
  std::string seen;
  testkit::LoopbackServer server([&](const testkit::Fd& connection, const testkit::StopFlag& stop) {
    for (std::string command; testkit::receive(connection, stop, command); command.clear()) {
      const std::lock_guard lock(mutex);
      seen += command;
      testkit::send_all(connection, stop, "-ERR not now\r\n");
    }
  });
  const auto store =
      open_store(settings_of_store("redis://m%65:p%40s%3As%2F%25@127.0.0.1:" + std::to_string(server.port()) + "/0"));
  ASSERT_TRUE(store) << store.error().text;
  EXPECT_FALSE((*store)->read());
  const std::lock_guard lock(mutex);
  EXPECT_NE(seen.find("\r\nme\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\r\np@s:s/%\r\n"), std::string::npos) << seen;
}

TEST(StoresTest, ARefusedPasswordIsReadAgain) {
  const testkit::TempFolder folder;
  testkit::LoopbackServer server([](const testkit::Fd& connection, const testkit::StopFlag& stop) {
    for (std::string command; testkit::receive(connection, stop, command); command.clear()) {
      const bool refused = command.find("AUTH") != std::string::npos && command.find("second") == std::string::npos;
      const bool hash = command.find("HGETALL") != std::string::npos;
      testkit::send_all(connection, stop, refused ? "-WRONGPASS no\r\n" : hash ? "*0\r\n" : "+OK\r\n");
    }
  });
  RuntimeConfigSettings settings = settings_of_store("redis://127.0.0.1:" + std::to_string(server.port()) + "/0");
  settings.password = {"first", folder.path("password")};
  RealClock clock;
  secrets::PlainSecretStore secrets(clock);
  const auto store = open_store(settings, secrets.get());
  ASSERT_TRUE(store);
  EXPECT_NE((*store)->read().error().text.find("WRONGPASS"), std::string::npos);
  std::ofstream(folder.path("password")) << "second\n";
  EXPECT_TRUE((*store)->read());
}

// A cluster node that names another one as the owner of the hash, and the owner.
TEST(StoresTest, AClusterIsFollowedToTheOwnerOfTheHash) {
  const auto node = [](std::string answer) {
    return [answer](const testkit::Fd& connection, const testkit::StopFlag& stop) {
      for (std::string command; testkit::receive(connection, stop, command); command.clear()) {
        const bool select = command.find("SELECT") != std::string::npos;
        testkit::send_all(connection, stop, select ? "+OK\r\n" : answer);
      }
    };
  };
  testkit::LoopbackServer owner(node("*2\r\n$1\r\na\r\n$1\r\n7\r\n"));
  testkit::LoopbackServer asked(node("-MOVED 5 127.0.0.1:" + std::to_string(owner.port()) + "\r\n"));
  const auto store = open_store(settings_of_store("redis://127.0.0.1:" + std::to_string(asked.port()) + "/0"));
  ASSERT_TRUE(store);
  for (int i = 0; i < 2; ++i) {
    const auto read = (*store)->read();
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, (RawOptions{{"a", "7"}}));
  }
}

TEST(StoresTest, WrongAddressesAreRefused) {
  for (const char* store : {"", "nonsense", "file:", "redis://", "redis://h:x/1", "redis://h:1/x", "rediss://h:1/1"}) {
    EXPECT_FALSE(open_store(settings_of_store(store))) << store;
  }
  const auto store = open_store(settings_of_store("redis://:secret@127.0.0.1:1/3"));
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->describe(), "redis://127.0.0.1:1/3 h");
  EXPECT_FALSE((*store)->read());
}

}  // namespace
}  // namespace freshet::runtime_config

// The ClickHouse engine of the demo and of these tests, as a local server.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "http/http_client.h"
#include "testkit/child_process.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using testkit::LocalClickHouse;

struct LocalEngineTest : testing::Test {
  http::Response send(const std::string& method, const std::string& target, const std::string& body,
                      std::vector<std::string> headers = {}) {
    http::Request request;
    request.method = method;
    request.url = engine.url() + "/" + target;
    request.headers = std::move(headers);
    if (method == "POST") request.body = {body};
    request.timeout = std::chrono::seconds(60);
    auto answer = http::Client(http::ClientOptions()).send(request, {});
    EXPECT_TRUE(answer) << answer.error().text;
    return answer ? *std::move(answer) : http::Response();
  }
  std::string ask(const std::string& sql) { return send("POST", "", sql).body; }

  LocalClickHouse engine;
};

TEST_F(LocalEngineTest, DataWithABlankLineAreOneInsert) {
  ask("CREATE TABLE t (n Int32, s String) ENGINE = MergeTree ORDER BY n");
  const std::string rows = "{\"n\":1,\"s\":\"a\"}\n\n{\"n\":2,\"s\":\"b\"}\n\n\n{\"n\":3,\"s\":\"c\"}\n";
  const auto stored = send("POST", "?query=INSERT%20INTO%20t%20FORMAT%20JSONEachRow&async_insert=0", rows);
  EXPECT_EQ(stored.status, 200) << stored.body;
  EXPECT_EQ(ask("INSERT INTO t SETTINGS async_insert=0 FORMAT JSONEachRow\n{\"n\":4}\n\n{\"n\":5}"), "");
  EXPECT_EQ(ask("INSERT INTO t FORMAT TSV\n6\t\n\n7\tFORMAT x\n").find("Code: 62"), std::string::npos);
  EXPECT_EQ(ask("INSERT INTO t VALUES (8, 'a\n\nb'),\n\n(9, 'c')"), "");
  EXPECT_EQ(ask("SELECT groupArray(n) FROM (SELECT n FROM t WHERE n NOT IN (6, 7) ORDER BY n)"), "[1,2,3,4,5,8,9]\n");
  EXPECT_EQ(ask("SELECT s FROM t WHERE n = 8 FORMAT JSONEachRow"), "{\"s\":\"a\\n\\nb\"}\n");
  const auto bad = send("POST", "?query=INSERT%20INTO%20t%20FORMAT%20JSONEachRow", "{\"n\":10}\n\n{\"n\":\"x\"}\n");
  EXPECT_NE(bad.body.find("(at row 2)"), std::string::npos) << bad.body;
  EXPECT_EQ(ask("SELECT count() FROM t WHERE n = 10"), "0\n");
}

TEST_F(LocalEngineTest, AFormOfAnySizeIsAQuery) {
  const std::string query = "SELECT length('" + std::string(20'000, 'x') + "')";
  EXPECT_EQ(send("POST", "", query, {"Content-Type: application/x-www-form-urlencoded"}).body, "20000\n");
}

TEST_F(LocalEngineTest, AWebPageIsRefused) {
  const std::string query = "SELECT 1";
  EXPECT_EQ(ask(query), "1\n");
  for (const char* header : {"Origin: https://evil.example", "Origin: null", "Host: evil.example",
                             "Host: 127.evil.example", "Host: 127.0.0.1:80@evil.example", "Host: 127.1",
                             "Sec-Fetch-Site: cross-site", "Referer: https://evil.example/"}) {
    for (const char* method : {"POST", "GET"}) {
      const auto answer = send(method, "?query=SELECT%201", "", {header});
      EXPECT_EQ(answer.status, 403) << method << " " << header;
      EXPECT_NE(answer.body.find("refused"), std::string::npos);
    }
  }
  EXPECT_EQ(send("GET", "?query=SELECT%201", "", {"Sec-Fetch-Site: none"}).body, "1\n");
  for (const char* changes : {"CREATE%20TABLE%20x%20(n%20Int32)%20ENGINE%3DMemory", "SELECT%201%3B%20DROP%20TABLE%20x",
                              "WITH%201%20AS%20x%20INSERT%20INTO%20FUNCTION%20file('a')%20SELECT%20x",
                              "SELECT%201%20INTO%20OUTFILE%20'/a'"}) {
    const auto answer = send("GET", std::string("?query=") + changes, "");
    EXPECT_EQ(answer.status, 500) << changes;
    EXPECT_NE(answer.body.find("a GET only reads"), std::string::npos) << answer.body;
  }
}

TEST_F(LocalEngineTest, ASecondOneOnTheSamePortIsRefused) {
  const std::string address = engine.url().substr(7);
  const testkit::TempFolder folder;
  testkit::ChildProcess second(
      {testkit::local_clickhouse_program(), "--listen", address, "--path", folder.path("data")}, folder.path("out"));
  EXPECT_EQ(second.wait(std::chrono::seconds(120)), 2) << second.output();
  EXPECT_NE(second.output().find("cannot listen on " + address), std::string::npos) << second.output();
}

// As after `./dev setup`, without a variable that names the library.
TEST_F(LocalEngineTest, FindsTheLibraryThatWasFetched) {
  const std::string library = testkit::tool_path("FRESHET_DEV_CHDB_LIB");
  const testkit::TempFolder folder;
  std::filesystem::create_directories(folder.path("cache/chdb-1"));
  std::filesystem::create_symlink(library, folder.path("cache/chdb-1/libchdb.so"));
  testkit::ChildProcess found(
      {"env", "-u", "FRESHET_DEV_CHDB_LIB", "FRESHET_DEV_CACHE=" + folder.path("cache"),
       testkit::local_clickhouse_program(), "--listen", "127.0.0.1:0", "--path", folder.path("data")},
      folder.path("out"));
  EXPECT_TRUE(testkit::eventually(std::chrono::seconds(120), [&] {
    return found.output().find("listening on") != std::string::npos || !found.running();
  }));
  EXPECT_TRUE(found.running()) << found.output();
}

}  // namespace
}  // namespace freshet

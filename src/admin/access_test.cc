#include "admin/access.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "testkit/child_process.h"
#include "testkit/fake_clock.h"

namespace freshet::admin {
namespace {

const char* kForLoopback = "127.0.0.1:1";

Request get(const std::string& host) {
  Request request;
  request.method = "GET";
  request.host = host;
  return request;
}

Request post(const std::string& host) {
  Request request = get(host);
  request.method = "POST";
  return request;
}

Request marked(Request request) {
  request.freshet_request = "1";
  return request;
}

Request with_token(Request request, const std::string& authorization) {
  request.authorization = authorization;
  return request;
}

Request from(Request request, const std::string& origin) {
  request.origin = origin;
  return request;
}

Request fetched(Request request, const std::string& site, const std::string& mode = "cors") {
  request.fetch_site = site;
  request.fetch_mode = mode;
  return request;
}

int read(const Access& access, const Request& request) {
  const auto refused = access.refuses(request, Needs::Reading);
  return refused ? refused->status : 200;
}

int change(const Access& access, const Request& request) {
  const auto refused = access.refuses(request, Needs::Changing);
  return refused ? refused->status : 200;
}

TEST(AccessTest, ReadingIsFreeAndChangingNeedsTheTokenOrLoopback) {
  const Access open(false, "", {});
  const Access guarded(false, "secret", {});
  EXPECT_EQ(read(open, get("h:1")), 200);
  EXPECT_EQ(change(open, marked(post("h:1"))), 403);
  EXPECT_EQ(change(open, marked(post(kForLoopback))), 403);
  EXPECT_EQ(read(guarded, get("h:1")), 200);
  EXPECT_EQ(change(guarded, marked(post("h:1"))), 401);
  for (const char* wrong : {"Bearer secreT", "Bearer secret ", "secret", "Bearer ", "Bearer", "bearer secret", ""}) {
    EXPECT_EQ(change(guarded, with_token(post("h:1"), wrong)), 401) << wrong;
  }
  EXPECT_EQ(change(guarded, with_token(post("h:1"), "Bearer secret")), 200);
  EXPECT_EQ(change(Access(true, "secret", {}), marked(post(kForLoopback))), 401);
  EXPECT_EQ(change(Access(true, "secret", {}), with_token(post(kForLoopback), "Bearer secret")), 200);
}

TEST(AccessTest, AChangedTokenIsTheTokenFromThenOn) {
  const testkit::TempFolder folder;
  const auto write = [&](const char* token) {
    std::ofstream(folder.path("new")) << token;
    std::filesystem::rename(folder.path("new"), folder.path("token"));
  };
  write("first");
  testkit::FakeClock clock;
  secrets::PlainSecretStore store(clock);
  const Access access(false, {secrets::SecretSource("first", folder.path("token")), store.get()}, {});
  EXPECT_EQ(change(access, with_token(post("h:1"), "Bearer first")), 200);
  write("second");
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(change(access, with_token(post("h:1"), "Bearer second")), 200);
  EXPECT_EQ(change(access, with_token(post("h:1"), "Bearer first")), 401);
}

// A wrong token of a stranger does not hold the server, and runs it no more than once a minute.
TEST(AccessTest, ACommandRunsWithinAMinuteAfterAnUnknownToken) {
  testkit::FakeClock clock;
  secrets::PlainSecretStore store(clock);
  const Access access(false, {secrets::SecretSource("first", "exec:echo second"), store.get()}, {});
  clock.advance(std::chrono::seconds(59));
  EXPECT_EQ(change(access, with_token(post("h:1"), "Bearer second")), 401);
  store.get()->run_due_commands({});
  EXPECT_EQ(change(access, with_token(post("h:1"), "Bearer second")), 401);
  clock.advance(std::chrono::seconds(1));
  store.get()->run_due_commands({});
  EXPECT_EQ(change(access, with_token(post("h:1"), "Bearer second")), 200);
}

TEST(AccessTest, AChangeWithoutATokenNeedsWhatNoFormCanSend) {
  const Access access(true, "", {});
  EXPECT_EQ(change(access, post(kForLoopback)), 403);
  EXPECT_EQ(change(access, marked(post(kForLoopback))), 200);
  for (const char* simple : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a",
                             "text/plain; application/json", "application/jsonx", "application/json, text/plain", ""}) {
    Request form = post(kForLoopback);
    form.content_type = simple;
    EXPECT_EQ(change(access, form), 403) << simple;
  }
  for (const char* json : {"application/json", "Application/JSON ; charset=utf-8"}) {
    Request request = post(kForLoopback);
    request.content_type = json;
    EXPECT_EQ(change(access, request), 200) << json;
  }
}

TEST(AccessTest, APageOfAnotherSiteNeverGetsThrough) {
  const Access access(true, "secret", {});
  const Request right = with_token(marked(post(kForLoopback)), "Bearer secret");
  EXPECT_EQ(change(access, right), 200);
  for (const char* other : {"http://evil.example", "http://127.0.0.1", "http://127.0.0.1:2", "https://127.0.0.1",
                            "http://127.0.0.1:1.evil.example", "http://evil@127.0.0.1:1", "http://127.evil.example:1",
                            "file://127.0.0.1:1", "null", ""}) {
    EXPECT_EQ(change(access, from(right, other)), 403) << other;
  }
  EXPECT_EQ(change(access, from(right, "http://127.0.0.1:1")), 200);
  for (const char* site : {"cross-site", "same-site", "none", "anything", ""}) {
    EXPECT_EQ(change(access, fetched(right, site)), 403) << site;
    EXPECT_EQ(change(access, fetched(right, site, "navigate")), 403) << site;
  }
  EXPECT_EQ(change(access, fetched(right, "same-origin")), 200);
}

TEST(AccessTest, AnotherSiteMayLinkHereButNotRead) {
  const Access access(true, "", {});
  EXPECT_EQ(read(access, fetched(get(kForLoopback), "cross-site", "navigate")), 200);
  EXPECT_EQ(read(access, fetched(get(kForLoopback), "none", "navigate")), 200);
  EXPECT_EQ(read(access, fetched(get(kForLoopback), "same-origin")), 200);
  for (const char* mode : {"cors", "no-cors", "websocket"}) {
    EXPECT_EQ(read(access, fetched(get(kForLoopback), "cross-site", mode)), 403) << mode;
    EXPECT_EQ(read(access, fetched(get(kForLoopback), "same-site", mode)), 403) << mode;
  }
}

// DNS rebinding is detected by the host name of the request.
TEST(AccessTest, OnlyKnownHostsAreAnswered) {
  const Access loopback(true, "", {"freshet.example.com"});
  const Access everywhere(false, "", {"freshet.example.com"});
  for (const char* known : {"127.0.0.1", "127.0.0.1:8080", "127.1.2.3", "localhost:1", "LOCALHOST.", "[::1]:8080",
                            "Freshet.Example.COM:8080", "freshet.example.com."}) {
    EXPECT_EQ(read(loopback, get(known)), 200) << known;
    EXPECT_EQ(read(everywhere, get(known)), 200) << known;
  }
  for (const char* evil : {"127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "evil.example",
                           "127.0.0.1@evil.example", "evil.localhost", "127.1", "0x7f.1", "2130706433", "[::1].evil",
                           "freshet.example.com.evil.example", ""}) {
    EXPECT_EQ(read(loopback, get(evil)), 403) << evil;
    EXPECT_EQ(read(everywhere, get(evil)), 403) << evil;
    EXPECT_EQ(change(loopback, marked(post(evil))), 403) << evil;
  }
  // Addresses and names of the local network are safe, but not expected by a server on loopback.
  for (const char* near : {"10.0.0.7:8080", "[fd00::7]", "freshet-0"}) {
    EXPECT_EQ(read(loopback, get(near)), 403) << near;
    EXPECT_EQ(read(everywhere, get(near)), 200) << near;
  }
  EXPECT_EQ(loopback.refuses(get("evil.example"), Needs::Nothing), std::nullopt);
  EXPECT_NE(loopback.refuses(get("evil.example"), Needs::Reading)->body.find("--admin-allowed-host"),
            std::string::npos);
  Request old = get("");
  old.host.reset();  // HTTP/1.0; browsers always send it
  EXPECT_EQ(read(loopback, old), 200);
  // A page of another site does not have the token.
  EXPECT_EQ(read(Access(true, "secret", {}), with_token(get("evil.example"), "Bearer secret")), 200);
  EXPECT_EQ(read(Access(true, "secret", {}), with_token(get("evil.example"), "Bearer Secret")), 403);
}

}  // namespace
}  // namespace freshet::admin

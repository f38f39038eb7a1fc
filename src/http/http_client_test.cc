#include "http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/files.h"
#include "http/proxy.h"
#include "http/url.h"
#include "testkit/child_process.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::http {
namespace {

using testkit::FakeAnswer;
using testkit::FakeClickHouse;

Request post(const FakeClickHouse& server, std::vector<std::string_view> body) {
  Request request;
  request.method = "POST";
  request.url = server.url() + "/path?a=b%20c";
  request.body = std::move(body);
  request.timeout = std::chrono::seconds(20);
  return request;
}

TEST(HttpClient, SendsPiecesHeadersAndTarget) {
  FakeClickHouse server;
  Client client({});
  Request request = post(server, {"one", "", "two"});
  request.headers = {"X-Test: yes"};
  const auto answer = client.send(request);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 200);
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.body, "onetwo");
  EXPECT_EQ(seen.target, "/path?a=b%20c");
  EXPECT_EQ(seen.headers.at("x-test"), "yes");
  EXPECT_EQ(seen.headers.at("content-length"), "6");
  EXPECT_FALSE(seen.headers.contains("expect"));
}

TEST(HttpClient, SendsLargeBodiesWhole) {
  FakeClickHouse server;
  Client client({});
  const std::string first(3 * 1024 * 1024 + 17, 'x');
  const std::string second(70'001, 'y');
  const auto answer = client.send(post(server, {first, second}));
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(server.requests().at(0).body, first + second);
}

TEST(HttpClient, KeepsTheConnection) {
  FakeClickHouse server;
  Client client({});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.send(post(server, {"x"})));
  EXPECT_EQ(server.connections(), 1u);
}

TEST(HttpClient, AnyStatusIsAnAnswer) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(60, "no such table", 404));
  Client client({});
  const auto answer = client.send(post(server, {"x"}));
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->header("x-clickhouse-exception-code"), "60");
  EXPECT_EQ(answer->header("x-absent"), "");
  EXPECT_THAT(answer->body, testing::HasSubstr("no such table"));
}

TEST(HttpClient, BrokenConnectionsAreRetryErrors) {
  FakeClickHouse server;
  Client client({});
  for (const auto how : {FakeAnswer::How::CloseMidBody, FakeAnswer::How::LoseAnswer, FakeAnswer::How::CloseMidAnswer}) {
    // More than one request may arrive, because libcurl repeats a request if a kept-alive connection turns out to be
    // closed.
    server.otherwise(FakeAnswer::of(how, false));
    const std::string body(1 << 20, 'x');
    const auto answer = client.send(post(server, {body}));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::Retry) << answer.error().text;
    EXPECT_NE(answer.error().code, 0);
  }
}

TEST(HttpClient, RefusedConnectionSaysWhereAndNoSecret) {
  const int port = testkit::free_port();
  Client client({});
  Request request;
  request.url = "http://user:hidden@127.0.0.1:" + std::to_string(port) + "/?password=hidden";
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Retry);
  EXPECT_THAT(answer.error().text, testing::HasSubstr("http://127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(answer.error().text, testing::Not(testing::HasSubstr("hidden")));
}

TEST(HttpClient, TimesOut) {
  FakeClickHouse server;
  server.otherwise(FakeAnswer::of(FakeAnswer::How::Hang, false));
  Client client({});
  Request request = post(server, {"x"});
  request.timeout = std::chrono::milliseconds(50);
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Retry);
}

TEST(HttpClient, StopEndsARequestAndTheClientGoesOn) {
  FakeClickHouse server;
  server.next(FakeAnswer::of(FakeAnswer::How::Hang, false));
  Client client({});
  std::stop_source stop;
  std::jthread stopper([&] {
    server.wait_for_requests(1);
    stop.request_stop();
  });
  Request request = post(server, {"x"});
  request.timeout = std::chrono::minutes(10);
  const auto answer = client.send(request, stop.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Stopping);
  const auto next = client.send(post(server, {"y"}));
  ASSERT_TRUE(next) << next.error().text;
  EXPECT_EQ(server.requests().back().body, "y");
}

TEST(HttpClient, StopBeforeTheRequestSendsNothing) {
  FakeClickHouse server;
  Client client({});
  std::stop_source stop;
  stop.request_stop();
  const auto answer = client.send(post(server, {"x"}), stop.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Stopping);
  EXPECT_EQ(server.connections(), 0u);
}

TEST(HttpClient, RefusesAnAnswerThatIsTooLarge) {
  FakeClickHouse server;
  FakeAnswer answer;
  answer.body.assign(5000, 'x');
  server.next(answer);
  ClientOptions options;
  options.max_response_bytes = 4999;
  Client client(options);
  const auto result = client.send(post(server, {"x"}));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().text, testing::HasSubstr("4999"));
}

FakeAnswer raw(std::string bytes) {
  FakeAnswer answer;
  answer.raw = std::move(bytes);
  return answer;
}

std::string header_lines(size_t count) {
  std::string lines;
  for (size_t i = 0; i < count; ++i) lines += "X-Header-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n";
  return lines;
}

TEST(HttpClient, EveryPartOfAnAnswerIsBounded) {
  std::string informational;
  for (int i = 0; i < 400; ++i) informational += "HTTP/1.1 102 Processing\r\n" + header_lines(1) + "\r\n";
  for (const std::string& answer :
       {"HTTP/1.1 200 OK\r\n" + header_lines(400) + "Content-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + header_lines(400) + "\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(400'000, 'x') + "\r\n\r\n",
        informational + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    FakeClickHouse server;
    server.next(raw(answer));
    Client client({});
    const auto result = client.send(post(server, {"x"}));
    ASSERT_FALSE(result) << answer.substr(0, 60);
    EXPECT_EQ(result.error().kind, ErrorKind::Retry) << result.error().text;
  }
}

TEST(HttpClient, ATrailerIsNoHeader) {
  FakeClickHouse server;
  server.next(
      raw("HTTP/1.1 200 OK\r\nServer: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
          "Server: b\r\nX-Late: 1\r\n\r\n"));
  Client client({});
  const auto result = client.send(post(server, {"x"}));
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->body, "hi");
  EXPECT_EQ(result->header("server"), "a");
  EXPECT_EQ(result->header("x-late"), "");
  EXPECT_EQ(result->trailers.at("x-late"), "1");
}

FakeAnswer redirect(int status, const std::string& location) {
  return FakeAnswer::foreign(status, "Location: " + location + "\r\n", "");
}

TEST(HttpClient, FollowsRedirectsToTheSameServerOnly) {
  FakeClickHouse server;
  FakeClickHouse other;
  ClientOptions options;
  options.follow_redirects = true;
  Client client(options);
  const std::string port = std::to_string(server.port());
  for (const int status : {301, 302, 307, 308}) {
    server.next(redirect(status, "/next?a=1"));
    const auto answer = client.send(post(server, {"body"}));
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(server.requests().back().target, "/next?a=1");
    EXPECT_EQ(server.requests().back().body, "body");
  }
  size_t requests = server.requests().size();
  for (const std::string& elsewhere :
       {other.url() + "/", "https://127.0.0.1:" + port + "/", "http://localhost:" + port + "/",
        "//127.0.0.1:" + std::to_string(other.port()) + "/", std::string("http://127.0.0.1/"),
        std::string("ftp://127.0.0.1:" + port + "/"), "http://user:password@127.0.0.1:" + port + "/",
        std::string("http://")}) {
    server.next(redirect(307, elsewhere));
    const auto answer = client.send(post(server, {"body"}));
    ASSERT_TRUE(answer) << elsewhere << answer.error().text;
    EXPECT_EQ(answer->status, 307) << elsewhere;
    EXPECT_EQ(server.requests().size(), ++requests) << elsewhere;
  }
  EXPECT_EQ(other.connections(), 0u);
  server.next(redirect(303, "/next"));
  EXPECT_EQ(client.send(post(server, {"body"}))->status, 303);
  server.otherwise(redirect(307, "/again"));
  EXPECT_EQ(client.send(post(server, {"body"}))->status, 307) << "a circle ends";
}

TEST(HttpClient, NoRedirectIsFollowedUnlessAsked) {
  FakeClickHouse server;
  server.next(redirect(307, "/next"));
  Client client({});
  EXPECT_EQ(client.send(post(server, {"body"}))->status, 307);
  EXPECT_EQ(server.requests().size(), 1u);
}

struct Variable {
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }
  const char* const name_;
};

TEST(HttpClient, AProxyOfTheEnvironmentNeverSeesALoopbackRequest) {
  FakeClickHouse proxy;
  FakeClickHouse server;
  const Variable http_proxy("http_proxy", proxy.url());
  const Variable all_proxy("all_proxy", proxy.url());
  Client client({});
  Request request = post(server, {"x"});
  request.headers = {"Authorization: Bearer secret"};
  ASSERT_TRUE(client.send(request));
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(proxy.connections(), 0u);
  request.url = "http://192.0.2.1:9/";  // a documentation network (RFC 5737): no host answers
  ASSERT_TRUE(client.send(request));
  EXPECT_EQ(proxy.requests().size(), 1u);
  ClientOptions options;
  options.use_proxy = false;
  options.connect_timeout = std::chrono::milliseconds(100);
  Client direct(options);
  EXPECT_FALSE(direct.send(request));
  EXPECT_EQ(proxy.requests().size(), 1u);
}

TEST(HttpClient, TheProxyOfTheEnvironmentIsNamedWithoutItsLogin) {
  const auto proxy_of = [](const char* url) { return environment_proxy(*parse_url(url)); };
  EXPECT_FALSE(proxy_of("http://db.example:8123"));
  const Variable http_proxy("http_proxy", "http://user:pass@proxy.example:3128");
  const Variable all_proxy("ALL_PROXY", "socks5://other.example:1080");
  const Variable no_proxy("no_proxy", ".internal");
  const auto plain = proxy_of("http://db.example:8123");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->variable, "http_proxy");
  EXPECT_EQ(plain->address, "http://proxy.example:3128");
  EXPECT_EQ(plain->no_proxy, ".internal");
  EXPECT_EQ(proxy_of("https://db.example:8443")->variable, "ALL_PROXY");
  EXPECT_FALSE(proxy_of("http://127.0.0.1:8123"));
}

TEST(HttpClient, RefusesWhatIsNoRequest) {
  Client client({});
  Request request;
  request.url = "ftp://127.0.0.1/";
  EXPECT_EQ(client.send(request).error().kind, ErrorKind::Fatal);
  request.url = "http://127.0.0.1:1/";
  request.headers = {"X-Key: a\r\nX-Other: b"};
  EXPECT_EQ(client.send(request).error().kind, ErrorKind::Fatal);
}

TEST(HttpClient, MissingCaFileIsFatal) {
  FakeClickHouse server;
  ClientOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  Client client(options);
  Request request;
  request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  const auto answer = client.send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::Fatal) << answer.error().text;
}

// A server with TLS that demands a client certificate; one certificate serves for both and for the authority.
TEST(HttpClient, ACertificateMayBeAText) {
  const testkit::TempFolder folder;
  const std::string cert = folder.path("cert.pem");
  const std::string key = folder.path("key.pem");
  testkit::ChildProcess make(
      {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
       "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert},
      folder.path("made"));
  ASSERT_EQ(make.wait(std::chrono::seconds(60)), 0) << make.output();
  const int port = testkit::free_port();
  testkit::ChildProcess server({"openssl", "s_server", "-accept", std::to_string(port), "-cert", cert, "-key", key,
                                "-CAfile", cert, "-Verify", "1", "-verify_return_error", "-www"},
                               folder.path("server"));
  testkit::wait_until_ready(server, "openssl s_server", std::chrono::seconds(60),
                            [&] { return testkit::accepts_connections(port); });
  Request request;
  request.url = "https://127.0.0.1:" + std::to_string(port) + "/";
  ClientOptions options;
  options.ca_file = cert;
  EXPECT_FALSE(Client(options).send(request)) << "it demands a certificate";
  options.cert_pem = read_file(cert).value();
  options.key_pem = read_file(key).value();
  const auto answer = Client(options).send(request);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->status, 200);
}

}  // namespace
}  // namespace freshet::http

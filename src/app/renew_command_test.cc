#include "app/renew_command.h"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "admin/server.h"
#include "testkit/fake_clock.h"
#include "testkit/http_wire.h"

namespace freshet::app {
namespace {

// An admin server whose renewals end as scripted.
struct RenewCommandTest : testing::Test {
  void serve(const std::string& token = {}) {
    admin::AdminSettings settings;
    settings.listen = "127.0.0.1:0";
    settings.token = token;
    admin::AdminSources sources;
    sources.renew = [this]() -> Result<admin::RenewalAsked> {
      if (stopping) return failure(ErrorKind::Stopping, "it is stopping");
      return admin::RenewalAsked{5, joined};
    };
    sources.last_renewal = [this] { return last; };
    server = *admin::AdminServer::start(settings, std::move(sources));
    asked.admin_addresses = {"127.0.0.1:" + std::to_string(server->port())};
  }
  int run() {
    RealClock clock;
    return renew(asked, clock, {}, out);
  }

  bool stopping = false;
  bool joined = false;
  std::optional<RenewalReport> last;
  settings::Settings asked;
  std::unique_ptr<admin::AdminServer> server;
  std::ostringstream out;
};

TEST_F(RenewCommandTest, SaysHowItWent) {
  serve();
  last = RenewalReport{};
  last->number = 5;
  last->mode = RenewalMode::Static;
  last->duration = std::chrono::milliseconds(412);
  last->pause = std::chrono::milliseconds(14);
  last->generation_kept = last->assignment_kept = true;
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out.str(),
            "renewal 5 is requested\n"
            "renewed: static, 0.412 s, pause 14 ms, group generation kept, assignment kept\n");
}

TEST_F(RenewCommandTest, AFailureAndARefusalAreStatusOne) {
  serve();
  joined = true;
  last = RenewalReport{};
  last->number = 6;
  last->result = RenewalResult::Failed;
  last->error = "no broker answers";
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(out.str(),
            "renewal 5 is already in progress; this request is coalesced with it\nfailed: no broker answers\n");
  out.str("");
  stopping = true;
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(out.str(), "not renewed: it is stopping\n");
}

TEST_F(RenewCommandTest, CarriesTheToken) {
  serve("secret");
  last = RenewalReport{};
  last->number = 5;
  EXPECT_EQ(run(), 1);
  EXPECT_NE(out.str().find("--admin-token-file"), std::string::npos) << out.str();
  asked.admin.token = "secret";
  EXPECT_EQ(run(), 0);
}

// Whatever server is behind the address: the command prints a sentence and exits with 1.
TEST_F(RenewCommandTest, SurvivesEveryShapeOfAnswer) {
  std::string to_post;
  std::string to_get;
  testkit::LoopbackServer other([&](testkit::Fd connection, const testkit::StopFlag& stopped) {
    testkit::WireReader reader(connection, stopped);
    for (testkit::WireMessage request; reader.read_head(request); request = {}) {
      const bool post = request.start_line.starts_with("POST");
      const std::string& body = post ? to_post : to_get;
      const std::string head = post ? "HTTP/1.1 202 Accepted" : "HTTP/1.1 200 OK";
      testkit::send_all(connection, stopped,
                        head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  });
  asked.admin_addresses = {"127.0.0.1:" + std::to_string(other.port())};
  for (const char* answer : {"", "null", "7", "[]", "{}", "{\"renewal\":", "{\"renewal\":\"5\"}", "{\"renewal\":-5}",
                             "{\"renewal\":{}}", "{\"renewal\":1e999}", "\xff", "[[[[[[[[[[[[[[[["}) {
    to_post = answer;
    out.str("");
    EXPECT_EQ(run(), 1) << answer;
    EXPECT_EQ(out.str(), "not renewed: the response is not from freshet\n") << answer;
  }
  to_post = R"({"renewal":5,"text":5})";
  for (const std::string value : {"5", "\"x\"", "null", "[]", "{\"a\":1}", "true", "-1e300"}) {
    to_get = R"({"number":5)";
    for (const char* name : {"result", "error", "mode", "pause_ms", "duration_ms", "generation_kept"}) {
      to_get += std::string(",\"") + name + "\":" + value;
    }
    to_get += "}";
    out.str("");
    EXPECT_EQ(run(), 1) << to_get;
  }
  to_get = R"({"number":6,"result":"renewed","mode":"\u001b[2Jstatic","duration_ms":"x","pause_ms":[1]})";
  out.str("");
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(out.str(), "\nrenewed:  [2Jstatic, 0.000 s, pause unknown, group generation changed, assignment changed\n");
}

// The renewal takes longer than the command waits; the server's status may have any shape.
TEST_F(RenewCommandTest, SaysWhatARenewalWaitsForInWhateverShape) {
  std::string status;
  testkit::LoopbackServer other([&](testkit::Fd connection, const testkit::StopFlag& stopped) {
    testkit::WireReader reader(connection, stopped);
    for (testkit::WireMessage request; reader.read_head(request); request = {}) {
      const bool post = request.start_line.starts_with("POST");
      const std::string body = post                                            ? R"({"renewal":5})"
                               : request.start_line.starts_with("GET /status") ? status
                                                                               : "null";
      testkit::send_all(connection, stopped,
                        std::string(post ? "HTTP/1.1 202 Accepted" : "HTTP/1.1 200 OK") +
                            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  });
  asked.admin_addresses = {"127.0.0.1:" + std::to_string(other.port())};
  const auto said = [&](const std::string& waits_for) {
    status = R"({"membership":{"renewal_waits_for":)" + waits_for + "}}";
    out.str("");
    testkit::FakeClock clock;
    std::jthread time([&](std::stop_token stop) {
      while (!stop.stop_requested()) {
        clock.advance(std::chrono::seconds(1));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    EXPECT_EQ(renew(asked, clock, {}, out), 1);
    return out.str();
  };
  const std::string end = "; GET /renew shows how it ended\n";
  EXPECT_EQ(said("\"the tick\""), "\nnot finished yet: it waits for the tick" + end);
  EXPECT_EQ(said(R"("\u001b[2Jthe \u009b2Jtick")"), "\nnot finished yet: it waits for  [2Jthe   2Jtick" + end);
  for (const char* other_type : {"5", "null", "[]", "{}", "true"}) {
    EXPECT_EQ(said(other_type), "\nnot finished yet" + end) << other_type;
  }
}

TEST_F(RenewCommandTest, ARefusalWithoutWordsIsToldByItsStatus) {
  testkit::LoopbackServer other([&](testkit::Fd connection, const testkit::StopFlag& stopped) {
    testkit::send_all(connection, stopped,
                      "HTTP/1.1 307 Temporary Redirect\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
  });
  asked.admin_addresses = {"127.0.0.1:" + std::to_string(other.port())};
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(out.str(), "not renewed: HTTP status 307\n");
}

TEST_F(RenewCommandTest, NobodyThereIsAnError) {
  asked.admin_addresses = {"127.0.0.1:1"};
  EXPECT_EQ(run(), 1);
  EXPECT_NE(out.str().find("not renewed: "), std::string::npos);
}

}  // namespace
}  // namespace freshet::app

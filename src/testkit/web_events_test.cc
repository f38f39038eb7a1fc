#include "testkit/web_events.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace freshet::testkit {
namespace {

TEST(WebEventsTest, ValidEventsAreObjectsWithTheirId) {
  WebEvents events(1, 750);
  for (uint64_t id = 0; id < 200; ++id) {
    const auto parsed = nlohmann::json::parse(events.valid(id, 1'790'000'000'000));
    EXPECT_EQ(parsed.at("event_id"), id);
  }
}

TEST(WebEventsTest, MalformedEventsAreNoJsonObjects) {
  WebEvents events(1);
  for (uint64_t id = 0; id < 200; ++id) {
    const std::string text = events.malformed(id, 1'790'000'000'000);
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    EXPECT_FALSE(parsed.is_object()) << text;
  }
}

TEST(WebEventsTest, TheSameSeedGivesTheSameEvents) {
  WebEvents a(7);
  WebEvents b(7);
  EXPECT_EQ(a.valid(1, 0), b.valid(1, 0));
}

TEST(WebEventsTest, EventsHaveAboutTheSizeAskedFor) {
  WebEvents events(3, 750);
  const size_t size = events.valid(1, 1'790'000'000'000).size();
  EXPECT_GE(size, 740u);
  EXPECT_LE(size, 790u);
}

}  // namespace
}  // namespace freshet::testkit

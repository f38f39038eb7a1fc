#include "app/live_view.h"

#include <gtest/gtest.h>

namespace freshet::app {
namespace {

LiveNumbers numbers(double seconds, uint64_t rows) {
  LiveNumbers n;
  n.seconds = seconds;
  n.status.topic = "events";
  n.status.table = "web";
  n.status.assigned = true;
  n.status.rows_written = rows;
  n.produced = rows + 5;
  n.admin_address = "http://127.0.0.1:1/";
  n.delivery = "exactly-once";
  return n;
}

TEST(LiveViewTest, TheRateIsThatOfTheLastTwoSecondsAlsoWhenBatchesComeInSteps) {
  LiveView view;
  view.line(numbers(0, 0));
  std::string line;
  for (int half_seconds = 1; half_seconds <= 20; ++half_seconds) {
    line = view.line(numbers(half_seconds / 2.0, 1'000 * static_cast<uint64_t>(half_seconds / 2)));
    if (half_seconds < 6) continue;
    EXPECT_NE(line.find(" 1000 rows/s"), std::string::npos) << line;
  }
  EXPECT_NE(line.find("streaming"), std::string::npos) << line;
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  for (int second = 11; second <= 13; ++second) line = view.line(numbers(second, 10'000));
  EXPECT_NE(line.find(" 0 rows/s"), std::string::npos) << line;
}

TEST(LiveViewTest, TheViewIsRenderedOverItself) {
  LiveView view;
  const std::string first = view.render(numbers(1, 100), 80);
  const auto lines = std::count(first.begin(), first.end(), '\n');
  EXPECT_NE(first.find("http://127.0.0.1:1/"), std::string::npos);
  EXPECT_NE(first.find("delivery      exactly-once"), std::string::npos) << first;
  EXPECT_TRUE(view.render(numbers(2, 200), 80).starts_with("\x1b[" + std::to_string(lines) + "A"));
}

TEST(LiveViewTest, SaysWhatItWaitsForAndFitsTheWidth) {
  LiveView view;
  LiveNumbers n = numbers(1, 0);
  n.status.waiting_for = "ClickHouse: " + std::string(300, 'x');
  const std::string text = view.render(n, 60);
  EXPECT_NE(text.find("waiting: Click"), std::string::npos) << text;
  EXPECT_LE(text.find("\x1b[K"), 60u);
}

}  // namespace
}  // namespace freshet::app

#include "runtime_config/layered_source.h"

#include <gtest/gtest.h>

namespace freshet::runtime_config {
namespace {

// Returns the result that the test sets.
class ToldSource final : public OptionSource {
 public:
  explicit ToldSource(const Result<RawOptions>& answer) : answer_(answer) {}
  Result<RawOptions> read() override { return answer_; }
  std::string describe() const override { return "told"; }

 private:
  const Result<RawOptions>& answer_;
};

TEST(LayeredSourceTest, TheUpperStoreWinsByKeyAndOneThatIsDownKeepsWhatItSaid) {
  Result<RawOptions> upper = RawOptions{{"a", "1"}, {"b", "1"}};
  Result<RawOptions> lower = RawOptions{{"b", "2"}, {"c", "2"}};
  LayeredSource both(std::make_unique<ToldSource>(upper), std::make_unique<ToldSource>(lower));
  EXPECT_EQ(both.read().value(), (RawOptions{{"a", "1"}, {"b", "1"}, {"c", "2"}}));
  EXPECT_FALSE(both.degraded());
  upper = failure(ErrorKind::Retry, "down");
  lower = RawOptions{{"c", "3"}};
  EXPECT_EQ(both.read().value(), (RawOptions{{"a", "1"}, {"b", "1"}, {"c", "3"}}));
  ASSERT_TRUE(both.degraded());
  EXPECT_EQ(both.degraded()->text, "down");
  lower = failure(ErrorKind::Retry, "gone");
  EXPECT_FALSE(both.read());
  upper = RawOptions();
  lower = RawOptions();
  EXPECT_TRUE(both.read()->empty());
  EXPECT_FALSE(both.degraded());
}

}  // namespace
}  // namespace freshet::runtime_config

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dead_letters/dead_letter_text.h"
#include "dead_letters/selection.h"
#include "dead_letters/stored_dead_letter.h"

namespace freshet::dead_letters {
namespace {

using testing::HasSubstr;
using testing::Not;

kafka::SampledMessage record_with(Headers headers) {
  kafka::SampledMessage record;
  record.partition = 2;
  record.offset = 9;
  record.timestamp_ms = 1'700'000'000'123;
  record.key = "k";
  record.payload = "{}";
  record.headers = std::move(headers);
  return record;
}

TEST(StoredDeadLetterTest, ReadsWhatFreshetWrites) {
  const auto letter = read_dead_letter(record_with({{"own", "1"},
                                                    {"original_topic", "events"},
                                                    {"original_partition", "3"},
                                                    {"original_offset", "42"},
                                                    {"original_timestamp", "1700000000000"},
                                                    {"reason", "not JSON"},
                                                    {"consumer_group", "g"}}));
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->position, (Position{Partition{2}, Offset{9}}));
  EXPECT_EQ(letter->origin, (Origin{"events", Partition{3}, Offset{42}, 1'700'000'000'000}));
  EXPECT_EQ(letter->reason, "not JSON");
  EXPECT_EQ(letter->consumer_group, "g");
  EXPECT_EQ(letter->headers, (Headers{{"own", "1"}}));
  EXPECT_EQ(letter->payload, "{}");
}

TEST(StoredDeadLetterTest, ADropInNamesThePositionOnly) {
  const auto letter = read_dead_letter(record_with({{"original_partition", "3"}, {"original_offset", "42"}}));
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->origin.offset, Offset{42});
  EXPECT_EQ(letter->origin.topic, "");
  EXPECT_EQ(letter->origin.timestamp_ms, -1);
}

TEST(StoredDeadLetterTest, WithoutATopicTheContentsAreAPartOfTheIdentity) {
  kafka::SampledMessage one = record_with({{"original_partition", "3"}, {"original_offset", "42"}});
  kafka::SampledMessage other = one;
  EXPECT_EQ(id_of(read_dead_letter(one)->origin), id_of(read_dead_letter(other)->origin));
  other.payload = "{ }";
  EXPECT_NE(id_of(read_dead_letter(one)->origin).low, id_of(read_dead_letter(other)->origin).low);
  one.key = "";
  other = one;
  other.key.reset();
  EXPECT_NE(id_of(read_dead_letter(one)->origin).low, id_of(read_dead_letter(other)->origin).low);
}

// A message that was a dead letter before, was produced again with all its headers, and became a dead letter again.
TEST(StoredDeadLetterTest, HeadersOfTheMessageItselfStayWithIt) {
  const Headers own = {{"original_partition", "1"}, {"original_offset", "7"}, {"reason", "old"}};
  Headers all = own;
  all.emplace_back("original_partition", "3");
  all.emplace_back("original_offset", "42");
  const auto letter = read_dead_letter(record_with(all));
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->origin.offset, Offset{42});
  EXPECT_EQ(letter->headers, own);
  EXPECT_EQ(letter->reason, "");
}

TEST(StoredDeadLetterTest, OtherRecordsAreNone) {
  for (const Headers& headers : {Headers{}, Headers{{"original_partition", "3"}}, Headers{{"original_offset", "42"}},
                                 Headers{{"original_partition", "x"}, {"original_offset", "42"}},
                                 Headers{{"original_partition", "3"}, {"original_offset", std::nullopt}},
                                 Headers{{"original_partition", "3"}, {"original_offset", "-1"}},
                                 Headers{{"original_partition", "3"}, {"original_offset", "42"}, {"own", "1"}}}) {
    EXPECT_FALSE(read_dead_letter(record_with(headers)));
  }
}

std::optional<Origin> mark_in(const Headers& headers) {
  std::vector<HeaderView> views;
  for (const auto& [name, value] : headers) views.push_back({name, value});
  return read_mark(views);
}

TEST(ReplayMarkTest, NamesItsMessage) {
  for (const Origin& origin :
       {Origin{"events", Partition{3}, Offset{42}, 17, 0}, Origin{"", Partition{0}, Offset{0}, -1, 99}}) {
    const ReplayMark mark = mark_of(origin);
    EXPECT_EQ(mark_in(mark.headers), origin);
    EXPECT_FALSE(read_dead_letter(record_with(mark.headers)));
  }
  EXPECT_NE(mark_of({"a", Partition{1}, Offset{2}, 3}).key, mark_of({"a", Partition{1}, Offset{2}, 4}).key);
  for (const char* wrong : {"", "events", "events/1/2/3", "events/1/2/x/4", "events/1//3/4"}) {
    EXPECT_FALSE(mark_in({{"freshet_replayed", wrong}})) << wrong;
  }
}

TEST(SelectionTest, AllThatIsSetMustHold) {
  StoredDeadLetter letter;
  letter.position = {Partition{0}, Offset{5}};
  letter.stored_at_ms = 100;
  letter.origin = {"events", Partition{3}, Offset{42}, 7};
  letter.reason = "column id: not a number";
  letter.key = "k";
  const auto chosen = [&](auto set, bool replayed = false) {
    Selection selection;
    set(selection);
    return matches(selection, letter, replayed);
  };
  EXPECT_TRUE(chosen([](Selection&) {}));
  EXPECT_TRUE(chosen([](Selection& s) { s.topic = "events"; }));
  EXPECT_FALSE(chosen([](Selection& s) { s.topic = "others"; }));
  EXPECT_FALSE(chosen([](Selection& s) { s.partition = Partition{0}; }));
  EXPECT_TRUE(chosen([](Selection& s) { s.reason = "not a number"; }));
  EXPECT_FALSE(chosen([](Selection& s) { s.reason = "not JSON"; }));
  EXPECT_FALSE(chosen([](Selection& s) { s.key = ""; }));
  EXPECT_TRUE(chosen([](Selection& s) { s.since_ms = 100; }));
  EXPECT_FALSE(chosen([](Selection& s) { s.until_ms = 100; }));
  EXPECT_FALSE(chosen([](Selection& s) { s.at = {Partition{0}, Offset{4}}; }));
  EXPECT_FALSE(chosen([](Selection& s) { s.state = State::Replayed; }));
  EXPECT_FALSE(chosen([](Selection& s) { s.state = State::Open; }, true));
  letter.origin.topic.clear();
  EXPECT_TRUE(chosen([](Selection& s) { s.topic = "events"; })) << "the record does not say";
}

TEST(DeadLetterTextTest, NothingMovesTheTerminalsCursor) {
  StoredDeadLetter letter;
  letter.origin.topic = "a\x1b[2Jb";
  letter.reason = "line\nfeed";
  letter.key = "\x9b";
  letter.payload = "\x1b[31m";
  letter.headers = {{"\r", "\b"}};
  for (const char c : line_of(letter, false) + details_of(letter, true)) {
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ') << static_cast<int>(c);
  }
  EXPECT_THAT(line_of(letter, false), Not(HasSubstr("\n")));
}

TEST(DeadLetterTextTest, TheSameFaultOfDifferentMessagesCountsAsOne) {
  DeadLetterCounts counts;
  StoredDeadLetter letter;
  letter.origin.topic = "events";
  for (const char* reason : {"column 'a': 17 is too large", "column 'b': 3 is too large", "not JSON at byte 12"}) {
    letter.reason = reason;
    counts.add(letter, false);
  }
  EXPECT_EQ(counts.text(),
            "        2  open      events  column \"...\": N is too large\n"
            "        1  open      events  not JSON at byte N\n"
            "        3  dead letters\n");
  EXPECT_THAT(counts.json(), HasSubstr(R"({"count":2,"reason":"column \"...\": N is too large","state":"open",)"));
}

}  // namespace
}  // namespace freshet::dead_letters

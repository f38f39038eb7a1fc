// What a run left in Kafka and ClickHouse, compared message by message. Reads nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "messages.h"

namespace freshet::faults {

struct Asked {
  std::string bootstrap;
  std::string topic;
  std::string dead_letters;  // topic
  std::string clickhouse_url;
  std::string table;
  std::string view_target;  // has a row for each row of the table; empty = there is no view
  bool positions = false;   // the table has the columns topic_partition and topic_offset
  bool exactly_once = false;
  // Offsets that the program itself reported as not verified. Rows that are missing there are not silent.
  struct Span {
    int32_t partition = 0;
    int64_t first = 0;
    int64_t last = 0;
  };
  std::vector<Span> reported;
};

struct TableCounts {
  uint64_t rows = 0;
  uint64_t lost = 0;
  uint64_t lost_reported = 0;  // not in `lost`
  uint64_t twice = 0;          // rows beyond the first of a message
  uint64_t strange = 0;        // of messages that are invalid or were never sent, or with another position
  std::vector<std::string> examples;
  std::string text() const;
};

struct DeadLetterCounts {
  uint64_t records = 0;
  uint64_t missing = 0;
  uint64_t twice = 0;
  uint64_t strange = 0;  // of good messages
  std::vector<std::string> examples;
  std::string text() const;
};

class Verifier {
 public:
  explicit Verifier(Asked asked) : asked_(std::move(asked)) {}
  // Prints the counts. True if the rule holds: nothing lost, in exactly-once mode no row twice.
  bool run();

 private:
  struct Sent {
    int64_t offset = -1;
    int32_t partition = -1;
    uint8_t times = 0;
    Message kind = Message::Good;
  };
  void read_topic();
  DeadLetterCounts read_dead_letters();
  TableCounts read_table(const std::string& table, bool positions) const;
  bool is_reported(const Sent& sent) const;
  std::string describe(uint64_t id) const;

  const Asked asked_;
  std::vector<Sent> sent_;  // by id
  std::array<uint64_t, 3> messages_{};
};

}  // namespace freshet::faults

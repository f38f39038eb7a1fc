// A table as ClickHouse stores inserts: one part per ClickHouse partition, deduplication tokens with a window, and what
// goes wrong between them. The rules were observed on ClickHouse 26.5.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/batch.h"
#include "ports/row_writer.h"

namespace freshet::flow {

using Position = std::pair<int32_t, int64_t>;  // Kafka partition and offset of a message
using Rows = std::multiset<Position>;

// The tokens that a table remembers, first in, first out. A non-replicated table stores two entries per part, so its
// window holds half as many parts. A token counts for one ClickHouse partition. A repetition does not make it younger.
class TokenLog {
 public:
  TokenLog(size_t window, size_t entries_per_part) : window_(window), entries_per_part_(entries_per_part) {}
  bool knows(const std::string& token, int64_t partition) const { return counts_.contains({token, partition}); }
  void add(const std::string& token, int64_t partition);

 private:
  using Key = std::pair<std::string, int64_t>;
  const size_t window_;
  const size_t entries_per_part_;
  std::deque<Key> entries_;
  std::map<Key, size_t> counts_;
};

struct TableSettings {
  size_t window = 1'000'000;    // entries of the token log; 0 = no deduplication
  bool replicated = false;      // one entry per part; token and part are stored together
  int64_t partitions = 1;       // PARTITION BY offset % partitions
  size_t most_rows = SIZE_MAX;  // an insert of more rows is refused as too large
  // Of the target of a materialized view; nullopt = there is no view.
  std::optional<size_t> view_window = std::nullopt;
  bool positions = false;  // it has columns for partition and offset, so that rows can be counted by message
};

// In a typed row, before the name of its type.
constexpr const char* kTyped = " as ";
// Expects that each row is of the layout that the insert has for it.
void check_layouts(const InsertRequest& request);

// A row to insert. The table cannot parse a `bad` one.
struct NewRow {
  Position at;
  bool bad = false;
};

class TableModel {
 public:
  enum class Fault {
    None,
    AnswerLost,    // everything is stored, and the connection breaks
    RequestLost,   // nothing is stored, and the connection breaks
    ServerKilled,  // parts before `at_part` are stored; of that one, a non-replicated table has the token only
    ViewFails,     // the table stores the rows, the view does not; an error is returned
  };
  enum class Answer { Ok, Rejected, TooLarge, ViewFailed, None };

  // The table's rows are in `rows`, which outlives the model.
  TableModel(const TableSettings& settings, Rows& rows);

  // Rejected if any row is bad, then nothing is stored. ServerKilled without a part of that number is AnswerLost.
  Answer insert(const std::string& token, const std::vector<NewRow>& rows, Fault fault = Fault::None,
                size_t at_part = 0);

  // The server has more memory from now on.
  void accept_any_size() { most_rows_ = SIZE_MAX; }

  const Rows& view() const { return view_; }
  // Rows whose token is stored without their part, and the repetition of whose insert was answered with success.
  const std::set<Position>& unverified() const { return unverified_; }
  // Messages of inserts that a writer reported: acknowledged, and perhaps not stored.
  const std::set<Position>& reported() const { return reported_; }
  void report(const InsertMessages& messages);
  // The messages without a row. Rows that a view makes cannot be counted.
  Result<std::vector<Offset>> missing(const InsertMessages& messages) const;
  bool replicated() const { return settings_.replicated; }
  size_t deduplicated() const { return deduplicated_; }  // parts

 private:
  using Parts = std::map<int64_t, std::vector<Position>>;  // by ClickHouse partition
  void push_to_view(const std::string& token, int64_t partition, const std::vector<Position>& part);

  const TableSettings settings_;
  size_t most_rows_;
  Rows& rows_;
  TokenLog tokens_;
  TokenLog view_tokens_;
  Rows view_;
  std::map<std::pair<std::string, int64_t>, std::vector<Position>> without_part_;
  std::set<Position> unverified_;
  std::set<Position> reported_;
  size_t deduplicated_ = 0;
};

// What happens to one request: the fault, and for ServerKilled the part at which it happens. nullopt: the process ends
// before it sends the request.
using Faults = std::function<std::optional<std::pair<TableModel::Fault, size_t>>()>;

// Inserts the rows of a batch into the model. Repeats a request without an answer, with the same token. Counts rows, or
// reports them, as ClickHouse's writer does.
class TableWriter final : public RowWriter {
 public:
  // All outlive the writer.
  TableWriter(TableModel& table, const SealedBatch& batch, const Faults& faults)
      : table_(table), batch_(batch), faults_(faults) {}
  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override;
  Result<std::vector<Offset>> missing(const InsertMessages& messages, const WriteControl& /*control*/) override {
    return table_.missing(messages);
  }
  // Sends the insert once. Nobody reads the answer.
  void send(const InsertRequest& request) { table_.insert(std::string(request.token), rows_of(request)); }
  bool process_ended() const { return ended_; }

 private:
  WriteOutcome acknowledged(const InsertRequest& request, bool unverified);
  std::vector<NewRow> rows_of(const InsertRequest& request) const;

  TableModel& table_;
  const SealedBatch& batch_;
  const Faults& faults_;
  bool ended_ = false;
};

}  // namespace freshet::flow

#include "table_model.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace freshet::flow {

void check_layouts(const InsertRequest& request) {
  EXPECT_TRUE(request.layouts.empty() || *request.layout == RowLayout());
  for (size_t i = 0; i < request.rows.size(); ++i) {
    const RowLayout& layout = request.layouts.empty() ? *request.layout : *request.layouts[i];
    const bool typed = layout.format == RowFormat::Native;
    for (std::string_view left = request.rows[i]; !left.empty(); left.remove_prefix(left.find('\n') + 1)) {
      const std::string_view row = left.substr(0, left.find('\n'));
      const size_t type = row.find(kTyped);
      ASSERT_EQ(type != std::string_view::npos, typed) << row;
      if (!typed) continue;
      ASSERT_TRUE(row.substr(type + std::string_view(kTyped).size()).starts_with(layout.types[0])) << row;
    }
  }
}

void TokenLog::add(const std::string& token, int64_t partition) {
  for (size_t i = 0; i < entries_per_part_; ++i) {
    entries_.emplace_back(token, partition);
    ++counts_[entries_.back()];
  }
  for (; entries_.size() > window_; entries_.pop_front()) {
    const auto oldest = counts_.find(entries_.front());
    if (--oldest->second == 0) counts_.erase(oldest);
  }
}

TableModel::TableModel(const TableSettings& settings, Rows& rows)
    : settings_(settings),
      most_rows_(settings.most_rows),
      rows_(rows),
      tokens_(settings.window, settings.replicated ? 1 : 2),
      view_tokens_(settings.view_window.value_or(0), settings.replicated ? 1 : 2) {}

TableModel::Answer TableModel::insert(const std::string& token, const std::vector<NewRow>& rows, Fault fault,
                                      size_t at_part) {
  if (fault == Fault::RequestLost) return Answer::None;
  if (rows.size() > most_rows_) return Answer::TooLarge;
  if (std::any_of(rows.begin(), rows.end(), [](const NewRow& row) { return row.bad; })) return Answer::Rejected;
  Parts parts;
  for (const NewRow& row : rows) parts[row.at.second % settings_.partitions].push_back(row.at);
  size_t number = 0;
  for (const auto& [partition, part] : parts) {
    const bool killed = fault == Fault::ServerKilled && number++ == at_part;
    const bool known = tokens_.knows(token, partition);
    if (killed && (known || settings_.replicated)) return Answer::None;
    if (killed) {
      tokens_.add(token, partition);
      without_part_[{token, partition}] = part;
      return Answer::None;
    }
    if (!known) {
      tokens_.add(token, partition);
      rows_.insert(part.begin(), part.end());
    } else {
      ++deduplicated_;
      if (const auto none = without_part_.find({token, partition}); none != without_part_.end()) {
        unverified_.insert(none->second.begin(), none->second.end());
      }
    }
    if (fault != Fault::ViewFails) push_to_view(token, partition, part);
  }
  if (fault == Fault::ViewFails && settings_.view_window) return Answer::ViewFailed;
  return fault == Fault::None || fault == Fault::ViewFails ? Answer::Ok : Answer::None;
}

// A part that the table knows is pushed, too: the view's target has tokens of its own.
void TableModel::push_to_view(const std::string& token, int64_t partition, const std::vector<Position>& part) {
  if (!settings_.view_window || view_tokens_.knows(token, partition)) return;
  view_tokens_.add(token, partition);
  view_.insert(part.begin(), part.end());
}

void TableModel::report(const InsertMessages& messages) {
  for (const MessageRowCount& one : messages.messages) {
    reported_.insert({messages.partition.value, one.offset.value});
  }
}

Result<std::vector<Offset>> TableModel::missing(const InsertMessages& messages) const {
  if (!settings_.positions || settings_.view_window) return failure(ErrorKind::Fatal, "not countable");
  std::vector<Offset> absent;
  for (const MessageRowCount& one : messages.messages) {
    if (!rows_.contains({messages.partition.value, one.offset.value})) absent.push_back(one.offset);
  }
  return absent;
}

WriteOutcome TableWriter::acknowledged(const InsertRequest& request, bool unverified) {
  if (!unverified || table_.replicated() || !request.messages) return {};
  const InsertMessages messages = request.messages();
  WriteOutcome outcome;
  if (auto absent = table_.missing(messages)) {
    outcome.missing = *std::move(absent);
  } else {
    table_.report(messages);
  }
  return outcome;
}

WriteOutcome TableWriter::write(const InsertRequest& request, const WriteControl& control) {
  const std::vector<NewRow> rows = rows_of(request);
  bool unverified = request.sent_before;
  for (;;) {
    const auto fault = faults_();
    ended_ = !fault;
    if (ended_ || control.stop.stop_requested()) return {WriteOutcome::Kind::Abandoned, 0, "", {}};
    switch (table_.insert(std::string(request.token), rows, fault->first, fault->second)) {
      case TableModel::Answer::Ok:
        return acknowledged(request, unverified);
      case TableModel::Answer::Rejected: {
        const auto bad = std::find_if(rows.begin(), rows.end(), [](const NewRow& row) { return row.bad; });
        return {WriteOutcome::Kind::Rejected, 27, "cannot parse", static_cast<uint64_t>(bad - rows.begin())};
      }
      case TableModel::Answer::TooLarge:
        return {WriteOutcome::Kind::TooLarge, 241, "Query memory limit exceeded", {}};
      case TableModel::Answer::ViewFailed:
        return {WriteOutcome::Kind::MaybeStored, 395, "while pushing to view d.v", {}};
      case TableModel::Answer::None:
        unverified = true;
        break;
    }
  }
}

// The rows do not name their messages. They are found by their place in the memory of the batch's chunks.
std::vector<NewRow> TableWriter::rows_of(const InsertRequest& request) const {
  check_layouts(request);
  std::vector<NewRow> rows;
  for (const std::string_view sent : request.rows) {
    for (const auto& chunk : batch_.chunks) {
      const std::string& all = chunk->rows;
      if (sent.data() < all.data() || sent.data() >= all.data() + all.size()) continue;
      const auto begin = static_cast<uint64_t>(sent.data() - all.data());
      for (const MessageRows& message : chunk->messages) {
        if (message.rows_begin < begin || message.rows_begin >= begin + sent.size()) continue;
        rows.push_back(
            {{chunk->partition.value, message.offset.value}, all.compare(message.rows_begin, 7, "refused") == 0});
      }
    }
  }
  return rows;
}

}  // namespace freshet::flow

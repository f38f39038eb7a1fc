// A RowWriter that stores rows as strings. It rejects rows that contain "bad"; for rows that contain "boom" it reports
// a view that failed after they were stored.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ports/row_writer.h"

namespace freshet::testkit {

class FakeWriter final : public RowWriter {
 public:
  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override {
    ++inserts;
    tokens.emplace_back(request.token);
    if (control.stop.stop_requested()) return {WriteOutcome::Kind::Abandoned, 0, "", {}};
    std::string body;
    for (const std::string_view part : request.rows) body += part;
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < body.size();) {
      const size_t end = body.find('\n', begin);
      lines.push_back(body.substr(begin, end - begin));
      begin = end + 1;
    }
    if (request.row_bytes > most_bytes || lines.size() > most_rows) {
      WriteOutcome large{WriteOutcome::Kind::TooLarge, too_large_code, "Query memory limit exceeded", {}};
      large.maybe_stored_before = answers_lost;
      large.always_refused = always_refuses;
      return large;
    }
    if (no_fields && !request.without_fields)
      return {WriteOutcome::Kind::NoFields, 0, "Fields: a. Columns of t: b", {}};
    for (uint64_t row = 0; row < lines.size(); ++row) {
      if (lines[row].find("bad") == std::string::npos && !reject_all) continue;
      return {WriteOutcome::Kind::Rejected, 27, "cannot parse",
              names_rows ? std::optional<uint64_t>(row) : std::nullopt};
    }
    stored.insert(stored.end(), lines.begin(), lines.end());
    if (body.find("boom") != std::string::npos && views_fail) {
      return {WriteOutcome::Kind::MaybeStored, 395, "boom: while pushing to view d.v", {}};
    }
    WriteOutcome written;
    if (request.sent_before && request.messages && missing_messages) written.missing = *missing_messages;
    return written;
  }
  Result<std::vector<Offset>> missing(const InsertMessages& messages, const WriteControl& control) override {
    return missing_messages ? *missing_messages : RowWriter::missing(messages, control);
  }

  bool names_rows = true;
  bool reject_all = false;
  uint64_t most_bytes = UINT64_MAX;
  uint64_t most_rows = UINT64_MAX;
  int too_large_code = 241;   // 0: a proxy
  bool answers_lost = false;  // an earlier attempt of each write may have stored the rows
  bool always_refuses = false;
  bool no_fields = false;
  bool views_fail = true;
  std::optional<std::vector<Offset>> missing_messages;  // what is found when rows are counted; none: they cannot be
  int inserts = 0;
  std::vector<std::string> stored;
  std::vector<std::string> tokens;
};

}  // namespace freshet::testkit

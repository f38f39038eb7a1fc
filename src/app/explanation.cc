#include "app/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/terminal_text.h"

namespace freshet::app {
namespace {

using nlohmann::ordered_json;

constexpr size_t kWidestValue = 60;
constexpr size_t kWidestNote = 1000;

struct OutcomeNames {
  const char* text;
  const char* json;
};

// In the order of ExplainedCheck::Outcome.
constexpr std::array kOutcomeNames = {OutcomeNames{"ok", "passed"}, OutcomeNames{"-", "skipped"},
                                      OutcomeNames{"FAILED", "failed"}};

OutcomeNames names_of(ExplainedCheck::Outcome outcome) { return kOutcomeNames[static_cast<size_t>(outcome)]; }

bool passed_all(const Explanation& of) {
  return std::none_of(of.checks.begin(), of.checks.end(),
                      [](const auto& check) { return check.outcome == ExplainedCheck::Outcome::Failed; });
}

// Columns of equal width. UTF-8 beyond ASCII is counted in bytes, so such a line may be out of line.
class TextTable {
 public:
  using Cells = std::array<std::string, 5>;

  void add(Cells cells, std::string note) {
    for (size_t i = 0; i < cells.size(); ++i) {
      cells[i] = terminal_text(std::move(cells[i]), kWidestValue);
      widths_[i] = std::max(widths_[i], cells[i].size());
    }
    lines_.emplace_back(std::move(cells), std::move(note));
  }
  void append_to(std::string& out) const {
    for (const auto& [cells, note] : lines_) {
      std::string line = " ";
      for (size_t i = 0; i < cells.size(); ++i) {
        if (widths_[i] > 0) line += fmt::format(" {:{}} ", cells[i], widths_[i]);
      }
      out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
      if (!note.empty()) out += fmt::format("      {}\n", terminal_text(note, kWidestNote));
    }
  }

 private:
  std::array<size_t, std::tuple_size_v<Cells>> widths_{};
  std::vector<std::pair<Cells, std::string>> lines_;
};

std::string stored_text(const std::string& stored) { return stored.empty() ? "?" : stored; }

void append_row(const ExplainedRow& row, bool has_table, std::string& out) {
  TextTable table;
  table.add({"FIELD", "COLUMN", has_table ? "TYPE" : "", "WRITTEN", has_table ? "STORED" : ""}, "");
  for (const ExplainedColumn& one : row.columns) {
    table.add({one.field, one.column, one.type, one.written,
               !has_table    ? ""
               : one.refused ? "REFUSED"
                             : stored_text(one.stored)},
              one.note);
  }
  for (const DefaultedColumn& one : row.defaults) {
    table.add({"-", one.column, one.type, one.source, stored_text(one.stored)}, "");
  }
  table.append_to(out);
  for (const UnplacedField& one : row.unplaced) {
    out += terminal_text(fmt::format("  {}: {}", one.field, one.fate), kWidestNote) + '\n';
  }
  if (!row.refusal.empty()) out += terminal_text("  REFUSED: " + row.refusal, kWidestNote) + '\n';
}

std::string conclusion(const Explanation& of) {
  if (!passed_all(of)) return "the message becomes no row";
  const auto refused = std::count_if(of.rows.begin(), of.rows.end(), [](const auto& r) { return !r.refusal.empty(); });
  if (refused > 0) return fmt::format("the table refuses {} of the message's {} rows", refused, of.row_count);
  if (!of.complete) return "the table could not be asked";
  if (of.row_count == 0) return "the message is finished without a row";
  return fmt::format("the message becomes {} row{}", of.row_count, of.row_count == 1 ? "" : "s");
}

// The value itself if it is JSON, otherwise (Infinity) its text.
ordered_json value_of(const std::string& text) {
  if (text.empty()) return nullptr;
  ordered_json value = parse_ordered_json(text);
  return value.is_discarded() ? ordered_json(text) : value;
}

ordered_json json_of(const ExplainedRow& row) {
  ordered_json out = {{"columns", ordered_json::array()},
                      {"defaults", ordered_json::array()},
                      {"without_column", ordered_json::array()}};
  for (const ExplainedColumn& one : row.columns) {
    ordered_json column = {{"field", one.field}, {"column", one.column}};
    if (!one.type.empty()) column["type"] = one.type;
    column["written"] = value_of(one.written);
    if (!one.stored.empty()) column["stored"] = value_of(one.stored);
    if (one.refused) column["refused"] = true;
    if (!one.note.empty()) column["note"] = one.note;
    out["columns"].push_back(std::move(column));
  }
  for (const DefaultedColumn& one : row.defaults) {
    ordered_json column = {{"column", one.column}, {"type", one.type}, {"source", one.source}};
    if (!one.stored.empty()) column["stored"] = value_of(one.stored);
    out["defaults"].push_back(std::move(column));
  }
  for (const UnplacedField& one : row.unplaced) {
    out["without_column"].push_back({{"field", one.field}, {"fate", one.fate}});
  }
  if (!row.refusal.empty()) out["refused"] = row.refusal;
  return out;
}

}  // namespace

bool Explanation::becomes_rows() const {
  return complete && row_count > 0 && passed_all(*this) &&
         std::all_of(rows.begin(), rows.end(), [](const ExplainedRow& row) { return row.refusal.empty(); });
}

std::string text_of(const Explanation& of) {
  std::string out = terminal_text("message  " + of.message, kWidestNote) + '\n';
  for (const ExplainedCheck& check : of.checks) {
    out +=
        terminal_text(fmt::format("{:8} {}: {}", names_of(check.outcome).text, check.name, check.text), kWidestNote) +
        '\n';
  }
  for (size_t i = 0; i < of.rows.size(); ++i) {
    out += fmt::format("\nrow {} of {}{}\n", i + 1, of.row_count, of.table.empty() ? "" : " for " + of.table);
    append_row(of.rows[i], !of.table.empty(), out);
  }
  if (of.row_count > of.rows.size()) {
    out += fmt::format("\n{} more rows are not shown and were not compared\n", of.row_count - of.rows.size());
  }
  if (!of.why_not_asked.empty()) out += "\n" + terminal_text("not known: " + of.why_not_asked, kWidestNote) + '\n';
  return out + "\n" + conclusion(of) + '\n';
}

std::string json_of(const Explanation& of) {
  ordered_json out = {{"message", of.message}, {"becomes_rows", of.becomes_rows()}, {"conclusion", conclusion(of)}};
  out["checks"] = ordered_json::array();
  for (const ExplainedCheck& check : of.checks) {
    out["checks"].push_back({{"check", check.name}, {"outcome", names_of(check.outcome).json}, {"text", check.text}});
  }
  if (!of.table.empty()) out["table"] = of.table;
  if (!of.why_not_asked.empty()) out["not_asked"] = of.why_not_asked;
  out["row_count"] = of.row_count;
  out["rows"] = ordered_json::array();
  for (const ExplainedRow& row : of.rows) out["rows"].push_back(json_of(row));
  return to_json_text(out) + '\n';
}

}  // namespace freshet::app

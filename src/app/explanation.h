// What `freshet explain` says about one message: values, and their text for people and programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace freshet::app {

// A step between the message and its rows.
struct ExplainedCheck {
  enum class Outcome {
    Passed,
    Skipped,  // does not apply, or is not configured
    Failed,   // the message becomes no row
  };
  Outcome outcome = Outcome::Passed;
  std::string name;
  std::string text;
};

// A field of a row that fills a column.
struct ExplainedColumn {
  std::string field{};  // of the message, or what freshet adds: "(offset)". Empty: a processor made it of several
  std::string column;
  std::string type{};     // in the table; empty = the table was not asked
  std::string written{};  // JSON, as freshet writes it
  std::string stored{};   // JSON, as the table would store it; empty = not known
  std::string note{};     // why it is stored otherwise, or is refused
  bool refused = false;
};

// A column that no field fills.
struct DefaultedColumn {
  std::string column;
  std::string type;
  std::string source;  // "DEFAULT now()", or "the type's default"
  std::string stored;  // as in ExplainedColumn
};

// A field that fills no column.
struct UnplacedField {
  std::string field;
  std::string fate;
};

struct ExplainedRow {
  std::vector<ExplainedColumn> columns;
  std::vector<DefaultedColumn> defaults;
  std::vector<UnplacedField> unplaced;
  std::string refusal;  // the server's error, or what freshet expects where the server was not asked. Empty: none
};

struct Explanation {
  std::string message;  // where it is from, and its size
  std::vector<ExplainedCheck> checks;
  std::string table;               // empty: none is configured
  std::string why_not_asked;       // why stored values are missing; empty: they are not, or there is no table
  size_t row_count = 0;            // of the message
  std::vector<ExplainedRow> rows;  // the first ones
  bool complete = true;            // false: the table is configured and could not be asked at all

  // The message becomes rows, as far as known.
  bool becomes_rows() const;
};

// Passwords are not masked. Control characters of the message are replaced.
std::string text_of(const Explanation& explanation);
// One JSON object on one line.
std::string json_of(const Explanation& explanation);

}  // namespace freshet::app

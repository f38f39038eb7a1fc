#include "processors/formats/row_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace freshet::processors {
namespace {

constexpr size_t kMaxShownType = 200;

// The server refuses columns whose types are not the table's, with two exceptions. If ALTER TABLE renumbers an Enum, it
// stores another element, or a number without one. If ALTER TABLE reorders the names of a Tuple, it goes by the order.
bool has_enum(const columns::DataType& type) {
  return type.kind == columns::TypeKind::Enum8 || type.kind == columns::TypeKind::Enum16 ||
         std::any_of(type.children.begin(), type.children.end(), has_enum);
}
bool has_names(const columns::DataType& type) {
  return !type.names.empty() || std::any_of(type.children.begin(), type.children.end(), has_names);
}

// The error names the column and its type.
Result<ColumnTarget> target_of(const TableColumn& column, const TableColumns& table) {
  auto type = columns::parse_data_type(column.type);
  if (!type) return failure(ErrorKind::Invalid, fmt::format("column {}: {}", column.name, type.error().text));
  if (has_enum(*type)) {
    return failure(ErrorKind::Invalid, fmt::format("column {} has an Enum, which ALTER TABLE may renumber: {}",
                                                   column.name, column.type.substr(0, kMaxShownType)));
  }
  if (has_names(*type)) {
    return failure(ErrorKind::Invalid, fmt::format("column {} has a Tuple whose names ALTER TABLE may reorder: {}",
                                                   column.name, column.type.substr(0, kMaxShownType)));
  }
  ColumnTarget target{.there = true, .null_as_default = table.null_as_default, .type = *std::move(type)};
  target.default_value = column.default_expression.empty() ? default_bytes(target.type)
                                                           : default_bytes(target.type, column.default_expression);
  if (target.type.time_zone.empty()) target.type.time_zone = table.time_zone;
  return target;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char one, char other) { return lower(one) == lower(other); });
}

// With some settings, the server also finds columns whose case differs, and the columns `a.b` of a field `a`.
bool may_fill(std::string_view field, std::string_view column) {
  return same_ignoring_case(field, column) || same_ignoring_case(field, column.substr(0, column.find('.')));
}

// Of a column of the data set that the table does not have. Empty: the server leaves such a field out of JSONEachRow,
// and typed rows are without it.
std::string why_not_left_out(std::string_view name, const TableColumns& table) {
  if (std::find(table.ephemeral.begin(), table.ephemeral.end(), name) != table.ephemeral.end()) {
    return fmt::format("column {} is EPHEMERAL", name);
  }
  if (!table.skips_unknown_fields) return fmt::format("the table has no column {}", name);
  const auto alike = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const TableColumn& column) { return may_fill(name, column.name); });
  if (alike == table.columns.end()) return {};
  return fmt::format("the table has no column {}, but {}", name, alike->name);
}

}  // namespace

RowEncoder::RowEncoder(std::vector<std::string_view> columns, TickForm ticks, const Snapshot<TableColumns>* table)
    : columns_(std::move(columns)), table_(table), json_(ticks) {
  if (table_ == nullptr) why_json_ = "the processor writes only JSONEachRow";
}

void RowEncoder::begin_chunk() {
  if (table_ == nullptr) return;
  auto now = table_->get();
  if (now == followed_) return;
  followed_ = std::move(now);
  follow(*followed_);
}

void RowEncoder::begin_message() {
  json_.clear();
  if (typed_) typed_->clear();
  as_typed_ = typed_.has_value();
}

// The first `typed_bytes` bytes are rows of the message that had an exact form; all its rows have one format.
void RowEncoder::go_on_as_json(size_t typed_bytes) {
  as_typed_ = false;
  if (typed_bytes == 0) return;
  std::string lines;
  typed_as_json_->append(typed_->bytes().substr(0, typed_bytes), lines).value();
  json_.add_rows(lines);
}

bool RowEncoder::move_to(std::string& rows) {
  if (as_typed_) {
    rows.append(typed_->bytes());
    return true;
  }
  json_.move_to(rows);
  return !typed_;
}

void RowEncoder::follow(const TableColumns& table) {
  typed_.reset();
  why_json_ = table.why_json;
  if (table.columns.empty()) return;
  typed_layout_ = RowLayout{RowFormat::Native, {}, {}};
  std::vector<ColumnTarget> targets;
  why_json_ = find_targets(table, targets);
  if (!why_json_.empty()) return;
  typed_as_json_ = columns::JsonRows::create(typed_layout_.columns, typed_layout_.types).value();
  typed_.emplace(std::move(targets));
}

std::string RowEncoder::find_targets(const TableColumns& table, std::vector<ColumnTarget>& targets) {
  for (const std::string_view name : columns_) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const TableColumn& column) { return column.name == name; });
    if (found == table.columns.end()) {
      if (std::string why = why_not_left_out(name, table); !why.empty()) return why;
      targets.emplace_back();
      continue;
    }
    if (found->computed) {
      targets.emplace_back();
      continue;
    }
    auto target = target_of(*found, table);
    if (!target) return target.error().text;
    targets.push_back(*std::move(target));
    typed_layout_.columns.push_back(found->name);
    typed_layout_.types.push_back(found->type);
  }
  return typed_layout_.columns.empty() ? "inserts of the data set fill no column of the table" : "";
}

}  // namespace freshet::processors

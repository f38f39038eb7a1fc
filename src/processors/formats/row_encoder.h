// Writes the rows of a data set in the types of the table's columns where they are known, otherwise as JSONEachRow.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/snapshot.h"
#include "columns/json_rows.h"
#include "model/rows.h"
#include "model/table_columns.h"
#include "processors/formats/row_writer.h"
#include "processors/formats/typed_rows.h"

namespace freshet::processors {

// Threads: one.
class RowEncoder {
 public:
  // `columns`: of the data set, in their order. `table`: null = always JSONEachRow; must outlive the encoder.
  RowEncoder(std::vector<std::string_view> columns, TickForm ticks, const Snapshot<TableColumns>* table);

  // Follows a change of the table.
  void begin_chunk();
  // Of the rows from now on; changes in begin_chunk() only.
  const RowLayout& layout() const { return typed_ ? typed_layout_ : plain_layout_; }
  // Empty: layout() is Native, or nothing is known of the table.
  const std::string& why_json() const { return why_json_; }

  // Forgets rows that were not moved, because memory ran out.
  void begin_message();
  // `write(writer)` begins and ends one row, and puts every column of the data set in its order. It is called again
  // with another writer if a value has no exact form in the type of its column.
  template <typename Write>
  void add(Write write) {
    if (as_typed_) {
      const size_t before = typed_->bytes().size();
      write(*typed_);
      if (typed_->exact()) return;
      go_on_as_json(before);
    }
    write(json_);
  }
  // Appends the rows since begin_message() to `rows`. False: they are JSONEachRow although layout() says otherwise.
  bool move_to(std::string& rows);

 private:
  void follow(const TableColumns& table);
  // Returns why rows cannot have the types of the table; empty: `targets` and typed_layout_ say how.
  std::string find_targets(const TableColumns& table, std::vector<ColumnTarget>& targets);
  void go_on_as_json(size_t typed_bytes);

  const std::vector<std::string_view> columns_;
  const Snapshot<TableColumns>* const table_;
  const RowLayout plain_layout_;
  RowWriter json_;
  std::shared_ptr<const TableColumns> followed_;
  std::optional<TypedRowWriter> typed_;  // none: the table, or a type of it, is not known
  std::string why_json_;
  std::optional<columns::JsonRows> typed_as_json_;
  RowLayout typed_layout_;
  bool as_typed_ = false;  // the rows of the message so far
};

}  // namespace freshet::processors

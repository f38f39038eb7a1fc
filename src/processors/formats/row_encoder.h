// Writes the rows of a data set in the types of the table's columns where they are known, otherwise as JSONEachRow.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/snapshot.h"
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

  // Appends the rows of a message. `write(writer)` begins and ends each row, and puts every column of the data set in
  // its order. False: the rows are JSONEachRow although layout() says otherwise, because a value has no exact form in
  // the type of its column.
  template <typename Write>
  bool append(std::string& rows, Write write) {
    if (typed_) {
      typed_->clear();
      write(*typed_);
      if (typed_->exact()) {
        rows.append(typed_->bytes());
        return true;
      }
    }
    json_.clear();
    write(json_);
    json_.move_to(rows);
    return !typed_;
  }

 private:
  void follow(const TableColumns& table);

  const std::vector<std::string_view> columns_;
  const Snapshot<TableColumns>* const table_;
  const RowLayout plain_layout_;
  RowWriter json_;
  std::shared_ptr<const TableColumns> followed_;
  std::optional<TypedRowWriter> typed_;  // none: the table, or a type of it, is not known
  RowLayout typed_layout_;
};

}  // namespace freshet::processors

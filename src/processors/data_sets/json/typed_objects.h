// Writes JSON objects as rows in the types of the table's columns.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/snapshot.h"
#include "columns/row_binary_writer.h"
#include "model/rows.h"
#include "model/table_columns.h"
#include "processors/data_sets/json/object_keys.h"
#include "processors/formats/json_values.h"
#include "processors/formats/typed_rows.h"
#include "processors/json/json_syntax.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// The columns with defaults that only the server knows, such as now(), of which some message had a value lately.
// Inserts leave the others out. All processors of a stream share one, because rows of different columns cannot be in
// one insert. Threads: any.
class WantedColumns {
 public:
  static constexpr Duration kForgottenAfter = std::chrono::minutes(10);

  // `clock` must outlive the object.
  explicit WantedColumns(const Clock& clock) : clock_(clock) {}

  // A message has a value for it.
  void add(const std::string& column);
  bool has(const std::string& column) const;
  // Columns that no message has a value for any more are not wanted.
  void forget_unused();
  uint64_t changes() const { return changes_.load(std::memory_order_relaxed); }

 private:
  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, SteadyTime> used_at_ GUARDED_BY(mutex_);  // by name
  std::atomic<uint64_t> changes_{0};
};

// Threads: one.
class TypedObjects {
 public:
  // The rows of a larger message, and more bytes of rows, are JSONEachRow: scratch memory does not shrink.
  static constexpr size_t kMostBytes = TypedRowWriter::kMostBytes;

  // `metadata`: columns that every row has besides the object's fields. `table`: null = rows are never typed; must
  // outlive the object. `wanted`: null = columns with defaults that only the server knows are in no insert, so that
  // rows depend only on the message and the table.
  TypedObjects(const JsonSettings& settings, const std::vector<std::string>& metadata,
               const Snapshot<TableColumns>* table, std::shared_ptr<WantedColumns> wanted);

  // Follows a change of the table.
  void begin_chunk();
  // False: rows are JSONEachRow. Changes in begin_chunk() only.
  bool active() const { return plan_.has_value(); }
  const RowLayout& layout() const { return plan_->layout; }
  // Empty if active().
  const std::string& why_json() const { return why_json_; }

  void begin_message() { bytes_.clear(); }
  // `metadata`: the values of those columns. False: the row has no exact form, and the rows of the message are
  // JSONEachRow.
  bool add(std::span<const JsonField> fields, std::span<const JsonText> metadata);
  // The rows since begin_message().
  std::string_view bytes() const { return bytes_.bytes(); }

 private:
  struct Column {
    columns::DataType type;
    std::optional<std::string> default_value;  // bytes; nullopt: only the server knows it
    const JsonText* value = nullptr;           // scratch: of the object `object`
    uint64_t object = 0;
  };
  struct Plan {
    RowLayout layout;
    std::vector<Column> columns;  // of the layout
    ObjectKeys keys;
    std::vector<KeyTarget> metadata;
    std::vector<size_t> wanted;  // indices of columns that are in the insert because messages have values for them
  };

  Result<Plan> make_plan();
  void report_use();
  KeyTarget target_of(const TableColumn& column, uint32_t index, Plan& plan) const;
  bool set(KeyTarget target, const JsonText& value, size_t& count);
  bool write(const Column& column);

  const JsonSettings settings_;
  const std::vector<std::string> metadata_;
  const Snapshot<TableColumns>* const table_;
  const std::shared_ptr<WantedColumns> wanted_;
  std::shared_ptr<const TableColumns> followed_;
  uint64_t wanted_changes_ = 0;
  std::optional<Plan> plan_;
  std::string why_json_ = "the table is not known";
  columns::RowBinaryWriter bytes_;
  JsonValueWriter values_{bytes_, kMostBytes};
  uint64_t object_ = 0;
  uint64_t reported_ = 0;  // `object_` at the last report_use()
};

}  // namespace freshet::processors

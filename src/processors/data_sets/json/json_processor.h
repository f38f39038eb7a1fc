// The generic JSON processor: a message contains one or more JSON objects, each of which becomes a JSONEachRow row.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/table_columns.h"
#include "ports/processor.h"
#include "processors/data_sets/json/typed_objects.h"
#include "processors/json/json_syntax.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// Without options, the payload is written unchanged after a full syntax check. With selected fields or metadata
// columns, each object is rebuilt from the unchanged bytes of its values; a metadata column replaces a field with the
// same column name. If the table's columns are known, rows have their types where the values have an exact form
// (docs/insert-formats.md). One invalid object makes the whole message invalid. Skipped: null_payload. Invalid:
// invalid_json, invalid_utf8, not_an_object, missing_field, key_not_utf8, header_not_utf8.
class JsonProcessor final : public Processor {
 public:
  // `table`: null = rows are JSONEachRow; must outlive the processor. `wanted`: see TypedObjects.
  explicit JsonProcessor(const JsonSettings& settings, const Snapshot<TableColumns>* table = nullptr,
                         std::shared_ptr<WantedColumns> wanted = nullptr);

  const RowLayout& layout() const override { return typed_.active() ? typed_.layout() : plain_; }
  std::string_view why_json() const override { return typed_.why_json(); }
  void begin_chunk(const MessageContext&, std::span<const Message>) override { typed_.begin_chunk(); }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  bool rebuilds() const { return !settings_.fields.empty() || !metadata_columns_.empty(); }
  bool append_metadata(const MessageContext& context, const Message& message, ProcessResult& result);
  bool append_text(const std::string& column, std::string_view text, const char* code, ProcessResult& result);
  // Of a checked message. A function of its own: with one return, the compiler makes the result where the caller wants
  // it.
  ProcessResult write(std::string_view payload, uint32_t objects, std::string& rows);
  void append_rebuilt(std::string& rows) const;
  void append_row(std::span<const JsonField> fields, std::string& rows) const;
  // Calls `each` with the fields of each object in turn, until it returns false.
  template <typename Each>
  void for_each_object(Each each) const;
  void append_field(const JsonField& field, bool& first, std::string& rows) const;
  bool is_metadata_column(std::string_view raw_name) const;
  ProcessResult check_required() const;
  // False: some row has no exact form.
  bool write_typed();
  std::span<const JsonText> metadata_values();

  const JsonSettings settings_;
  const RowLayout plain_;
  const std::vector<std::string> metadata_columns_;
  TypedObjects typed_;
  // Scratch.
  JsonSyntax syntax_;
  JsonObjects parts_;
  std::string metadata_;  // `"topic":"t","partition":0`, the same for every object of a message
  struct Range {
    size_t begin = 0;
    size_t end = 0;
  };
  std::vector<Range> metadata_ranges_;  // of the values
  std::vector<JsonText> metadata_values_;
  std::vector<HeaderView> headers_;
};

}  // namespace freshet::processors

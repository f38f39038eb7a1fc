// The generic data set: a message is one JSON object or several, each a row for JSONEachRow.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ports/processor.h"
#include "processors/json_syntax.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// Without options the payload's bytes go out as they are, after a full check of their syntax. With a subset of fields
// or with metadata columns each object is put together anew from the values' own bytes; a field whose column name is
// that of a metadata column gives way to it. A null payload is skipped; a message is taken whole or not at all.
// Verdict codes: null_payload; invalid_json, invalid_utf8, not_an_object, missing_field, key_not_utf8, header_not_utf8.
class JsonProcessor final : public Processor {
 public:
  explicit JsonProcessor(const JsonSettings& settings);

  const RowLayout& layout() const override { return layout_; }
  Verdict process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  bool rebuilds() const { return !settings_.fields.empty() || !metadata_columns_.empty(); }
  bool append_metadata(const MessageContext& context, const Message& message, Verdict& verdict);
  bool append_text(const std::string& column, std::string_view text, const char* code, Verdict& verdict);
  void append_row(std::span<const JsonField> fields, std::string& rows) const;
  // The fields of each object, one object after the other; false from `each` ends it.
  template <typename Each>
  void for_each_object(Each each) const;
  void append_field(const JsonField& field, bool& first, std::string& rows) const;
  bool is_metadata_column(std::string_view raw_name) const;
  Verdict check_required() const;

  const JsonSettings settings_;
  const RowLayout layout_;
  std::vector<std::string> metadata_columns_;
  JsonObjects parts_;     // scratch
  std::string metadata_;  // scratch: `"topic":"t","partition":0`, the same for every object of a message
  std::vector<HeaderView> headers_;
};

}  // namespace freshet::processors

#include "columns/json_rows.h"

#include <fmt/format.h>

#include <utility>

#include "columns/json_scalar.h"

namespace freshet::columns {
namespace {

// Reads values from the front of `rows`. Threads: one.
class JsonValues {
 public:
  JsonValues(std::string_view rows, std::string& out, uint64_t max_bytes)
      : left_(rows), out_(out), max_bytes_(max_bytes) {}

  bool at_end() const { return left_.empty(); }
  // False: see failure().
  bool append(const DataType& type);
  bool fits() { return out_.size() <= max_bytes_ || fail(BlockError::Kind::TooLarge, {}); }
  const BlockError& failure() const { return failure_; }

 private:
  bool append_value(const DataType& type);
  bool append_text(const DataType& type);
  bool append_array(const DataType& element);
  bool append_map(const DataType& key, const DataType& value);
  bool append_key(const DataType& type);
  bool append_tuple(const DataType& type);
  bool take_length(uint64_t& length);
  bool take(uint64_t count, std::string_view& bytes);
  bool fail(BlockError::Kind kind, std::string why) {
    failure_ = {kind, std::move(why)};
    return false;
  }

  std::string_view left_;
  std::string& out_;
  const uint64_t max_bytes_;
  BlockError failure_;
};

bool JsonValues::take(uint64_t count, std::string_view& bytes) {
  if (count > left_.size()) return fail(BlockError::Kind::Malformed, "the row ends within the value");
  bytes = left_.substr(0, count);
  left_.remove_prefix(count);
  return true;
}

bool JsonValues::take_length(uint64_t& length) {
  constexpr size_t kMostBytes = 9;  // ClickHouse reads 63 bits
  length = 0;
  for (size_t i = 0; i < kMostBytes; ++i) {
    std::string_view byte;
    if (!take(1, byte)) return false;
    length |= uint64_t{static_cast<unsigned char>(byte[0] & 0x7f)} << (7 * i);
    if (static_cast<signed char>(byte[0]) >= 0) return true;
  }
  return fail(BlockError::Kind::Malformed, "a length has more than nine bytes");
}

bool JsonValues::append(const DataType& type) {
  if (type.nullable) {
    std::string_view flag;
    if (!take(1, flag)) return false;
    if (static_cast<unsigned char>(flag[0]) > 1) {
      return fail(BlockError::Kind::Malformed, "a nullable value begins neither with 0 nor with 1");
    }
    if (flag[0] == 1) {
      out_ += "null";
      return fits();
    }
  }
  return append_value(type) && fits();
}

bool JsonValues::append_value(const DataType& type) {
  switch (type.kind) {
    case TypeKind::String:
    case TypeKind::Json:
      return append_text(type);
    case TypeKind::Array:
      return append_array(type.children[0]);
    case TypeKind::Map:
      return append_map(type.children[0], type.children[1]);
    case TypeKind::Tuple:
      return append_tuple(type);
    default:
      break;
  }
  std::string_view bytes;
  if (!take(type.width, bytes)) return false;
  append_json_scalar(type, bytes, out_);
  return true;
}

bool JsonValues::append_text(const DataType& type) {
  uint64_t length = 0;
  std::string_view text;
  if (!take_length(length) || !take(length, text)) return false;
  type.kind == TypeKind::Json ? append_json_object(text, out_) : append_json_string(text, out_);
  return true;
}

bool JsonValues::append_array(const DataType& element) {
  uint64_t count = 0;
  if (!take_length(count)) return false;
  out_.push_back('[');
  for (uint64_t i = 0; i < count; ++i) {
    if (i > 0) out_.push_back(',');
    if (!append(element)) return false;
  }
  out_.push_back(']');
  return true;
}

bool JsonValues::append_map(const DataType& key, const DataType& value) {
  uint64_t count = 0;
  if (!take_length(count)) return false;
  out_.push_back('{');
  for (uint64_t i = 0; i < count; ++i) {
    if (i > 0) out_.push_back(',');
    if (!append_key(key)) return false;
    out_.push_back(':');
    if (!append(value)) return false;
  }
  out_.push_back('}');
  return true;
}

// Every value can be the text of a key.
bool JsonValues::append_key(const DataType& type) {
  const size_t begin = out_.size();
  if (!append(type)) return false;
  if (out_[begin] == '"') return true;
  std::string value = out_.substr(begin);
  // As text, fewer than ten digits are a date.
  if (type.kind == TypeKind::DateTime && value.size() < 10) value.insert(0, 10 - value.size(), '0');
  out_.resize(begin);
  append_json_string(value, out_);
  return true;
}

// Current servers read a tuple with names only as an object.
bool JsonValues::append_tuple(const DataType& type) {
  const bool named = !type.names.empty();
  out_.push_back(named ? '{' : '[');
  for (size_t i = 0; i < type.children.size(); ++i) {
    if (i > 0) out_.push_back(',');
    if (named) {
      append_json_string(type.names[i], out_);
      out_.push_back(':');
    }
    if (!append(type.children[i])) return false;
  }
  out_.push_back(named ? '}' : ']');
  return true;
}

}  // namespace

Result<JsonRows> JsonRows::create(const std::vector<std::string>& names, const std::vector<std::string>& types) {
  if (names.empty() || names.size() != types.size()) {
    return failure(ErrorKind::Invalid, fmt::format("{} column names, {} column types", names.size(), types.size()));
  }
  std::vector<Column> columns;
  for (size_t i = 0; i < names.size(); ++i) {
    Result<DataType> type = parse_data_type(types[i]);
    if (!type) return freshet::failure(type.error().kind, fmt::format("column {}: {}", names[i], type.error().text));
    Column& column = columns.emplace_back();
    column.name = fmt::format("{} {}", names[i], types[i]);
    append_json_string(names[i], column.key);
    column.key.push_back(':');
    column.type = *std::move(type);
  }
  return JsonRows(std::move(columns));
}

tl::expected<uint64_t, BlockError> JsonRows::append(std::string_view rows, std::string& out, uint64_t max_bytes) const {
  JsonValues values(rows, out, max_bytes);
  uint64_t row = 0;
  for (; !values.at_end(); ++row) {
    const char* separator = "{";
    for (const Column& column : columns_) {
      out.append(separator).append(column.key);
      separator = ",";
      if (values.append(column.type)) continue;
      BlockError error = values.failure();
      error.text = error.kind == BlockError::Kind::TooLarge
                       ? fmt::format("the rows take more than {} bytes as JSONEachRow", max_bytes)
                       : fmt::format("row {}, column {}: {}", row + 1, column.name, error.text);
      return tl::make_unexpected(std::move(error));
    }
    out += "}\n";
  }
  return row;
}

}  // namespace freshet::columns

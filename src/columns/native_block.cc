#include "columns/native_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "columns/data_type.h"
#include "columns/native_column.h"

namespace freshet::columns {
namespace {

constexpr uint64_t kKeptBytes = uint64_t{8} << 20;
// Columns have room for so many rows at a time: enough that it costs nothing, few enough that full columns are framed.
constexpr uint64_t kRowsOfRoom = 4096;

void append_count(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void append_string(std::string& out, std::string_view text) {
  append_count(out, text.size());
  out += text;
}

std::string_view reason(RowReader::Failure failure) {
  switch (failure) {
    case RowReader::Failure::Ends:
      return "the row ends within the value";
    case RowReader::Failure::Flag:
      return "a nullable value begins neither with 0 nor with 1";
    case RowReader::Failure::Length:
      return "a length has more than nine bytes";
    case RowReader::Failure::TooLarge:
      break;
  }
  return "the block would be too large";
}

tl::unexpected<BlockError> malformed(std::string text) {
  return tl::make_unexpected(BlockError{BlockError::Kind::Malformed, std::move(text)});
}
tl::unexpected<BlockError> too_large(uint64_t rows, uint64_t max_bytes) {
  return tl::make_unexpected(BlockError{BlockError::Kind::TooLarge,
                                        fmt::format("{} rows take more than {} bytes as a block", rows, max_bytes)});
}

}  // namespace

struct NativeBlock::Columns {
  tl::expected<void, BlockError> read(const std::vector<std::string_view>& rows, uint64_t row_count, uint64_t max_bytes,
                                      FrameSink* sink);
  tl::unexpected<BlockError> error(const RowReader& reader, uint64_t row, uint64_t row_count, uint64_t max_bytes) const;
  std::vector<BlockPiece> pieces(uint64_t row_count);
  uint64_t held_bytes() const;

  std::vector<NativeColumn> columns;
  std::vector<std::string> names;     // with the type, for errors
  std::vector<std::string> headers;   // of the columns: name and type
  std::vector<std::string> prefixes;  // of the columns' values
  uint64_t min_row_bytes = 0;
  std::string header;  // of the block
};

NativeBlock::NativeBlock(std::unique_ptr<Columns> columns) : columns_(std::move(columns)) {}
NativeBlock::NativeBlock(NativeBlock&&) noexcept = default;
NativeBlock& NativeBlock::operator=(NativeBlock&&) noexcept = default;
NativeBlock::~NativeBlock() = default;

Result<NativeBlock> NativeBlock::create(const std::vector<std::string>& names, const std::vector<std::string>& types) {
  if (names.empty() || names.size() != types.size()) {
    return failure(ErrorKind::Invalid, fmt::format("{} column names, {} column types", names.size(), types.size()));
  }
  auto made = std::make_unique<Columns>();
  for (size_t i = 0; i < names.size(); ++i) {
    const Result<DataType> type = parse_data_type(types[i]);
    if (!type) return failure(type.error().kind, fmt::format("column {}: {}", names[i], type.error().text));
    const NativeColumn& column = made->columns.emplace_back(*type);
    made->min_row_bytes += column.min_bytes;
    made->names.push_back(fmt::format("{} {}", names[i], types[i]));
    append_string(made->headers.emplace_back(), names[i]);
    append_string(made->headers.back(), types[i]);
    column.append_prefixes(made->prefixes.emplace_back());
  }
  return NativeBlock(std::move(made));
}

tl::expected<std::vector<BlockPiece>, BlockError> NativeBlock::encode(const std::vector<std::string_view>& rows,
                                                                      uint64_t row_count, uint64_t max_bytes,
                                                                      FrameSink* sink) {
  if (auto done = columns_->read(rows, row_count, max_bytes, sink); !done) return tl::make_unexpected(done.error());
  return columns_->pieces(row_count);
}

tl::expected<void, BlockError> NativeBlock::Columns::read(const std::vector<std::string_view>& rows, uint64_t row_count,
                                                          uint64_t max_bytes, FrameSink* sink) {
  for (NativeColumn& column : columns) column.clear(sink);
  uint64_t row_bytes = 0;
  for (const std::string_view piece : rows) row_bytes += piece.size();
  if (row_count > row_bytes / min_row_bytes) {
    return malformed(fmt::format("{} rows cannot have {} bytes together", row_count, row_bytes));
  }
  const uint64_t held = held_bytes();
  RowReader reader(columns, max_bytes > held ? max_bytes - held : 0);
  uint64_t row = 0;
  uint64_t room = 0;
  for (const std::string_view piece : rows) {
    const char* const end = piece.data() + piece.size();
    for (const char* at = piece.data(); at != end; ++row) {
      if (row == row_count) return malformed(fmt::format("more than {} rows", row_count));
      if (row == room) {
        const uint64_t more = std::min(row_count - row, kRowsOfRoom);
        if (!reader.reserve(more)) return too_large(row_count, max_bytes);
        room += more;
      }
      at = reader.read_row(at, end);
      if (at == nullptr) return error(reader, row, row_count, max_bytes);
    }
  }
  if (row < row_count) return malformed(fmt::format("{} rows instead of {}", row, row_count));
  return {};
}

tl::unexpected<BlockError> NativeBlock::Columns::error(const RowReader& reader, uint64_t row, uint64_t row_count,
                                                       uint64_t max_bytes) const {
  if (reader.failure() == RowReader::Failure::TooLarge) return too_large(row_count, max_bytes);
  return malformed(fmt::format("row {} of {}, column {}: {}", row + 1, row_count, names[reader.failed_column()],
                               reason(reader.failure())));
}

std::vector<BlockPiece> NativeBlock::Columns::pieces(uint64_t row_count) {
  header.clear();
  append_count(header, columns.size());
  append_count(header, row_count);
  std::vector<BlockPiece> out = {{header}};
  for (size_t i = 0; i < columns.size(); ++i) {
    out.push_back({headers[i]});
    if (row_count == 0) continue;  // then the format has no prefix either
    if (!prefixes[i].empty()) out.push_back({prefixes[i]});
    columns[i].append_values(out);
  }
  return out;
}

uint64_t NativeBlock::Columns::held_bytes() const {
  uint64_t held = 0;
  for (const NativeColumn& column : columns) held += column.held_bytes();
  return held;
}

uint64_t NativeBlock::held_bytes() const { return columns_->held_bytes(); }

void NativeBlock::trim() {
  if (held_bytes() <= kKeptBytes) return;
  for (NativeColumn& column : columns_->columns) column.free();
}

}  // namespace freshet::columns

#include "columns/native_column.h"

#include <cstring>
#include <utility>

namespace freshet::columns {
namespace {

constexpr size_t kShortCopy = 32;
static_assert(kShortCopy <= ByteBuffer::kSlack);
constexpr size_t kMaxLengthBytes = 9;                // ClickHouse reads 63 bits
constexpr std::string_view kEmptyString("\0", 1);    // its length
constexpr std::string_view kEmptyObject("\2{}", 3);  // the server parses also the text in place of NULL

// Versions of the serialization, and flags of the dictionary of a block.
constexpr uint64_t kKeysWithTheBlock = 1;
constexpr uint64_t kJsonAsString = 1;
constexpr uint64_t kHasKeys = 1 << 9;
constexpr uint64_t kNewDictionary = 1 << 10;

NativeColumn::Layout fixed_layout(uint32_t width) {
  using enum NativeColumn::Layout;
  switch (width) {
    case 1:
      return Fixed1;
    case 2:
      return Fixed2;
    case 4:
      return Fixed4;
    case 8:
      return Fixed8;
    case 16:
      return Fixed16;
    default:
      return FixedAny;
  }
}

bool is_fixed(NativeColumn::Layout layout) { return layout <= NativeColumn::Layout::FixedAny; }

void append_u64(std::string& out, uint64_t value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); }

// Rewrites indices in place with the type T. Returns the bytes of one.
template <typename T>
void narrow(ByteBuffer& indices, uint64_t count) {
  char* const bytes = indices.data();
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t index = 0;
    std::memcpy(&index, bytes + i * sizeof index, sizeof index);
    const auto narrowed = static_cast<T>(index);
    std::memcpy(bytes + i * sizeof narrowed, &narrowed, sizeof narrowed);
  }
  indices.shrink_to(count * sizeof(T));
}

DataType without_wrapper(const DataType& type, bool DataType::*wrapper) {
  DataType inner = type;
  inner.*wrapper = false;
  return inner;
}

}  // namespace

NativeColumn::NativeColumn(const DataType& type) {
  if (type.low_cardinality) {
    layout = Layout::LowCardinality;
    nullable_keys = type.nullable;
    width = type.width;
    min_bytes = type.nullable || width == 0 ? 1 : width;
    dictionary.emplace();
    default_key.assign(width == 0 ? 1 : width, '\0');
  } else if (type.nullable) {
    layout = Layout::Nullable;
    parts.emplace_back(without_wrapper(type, &DataType::nullable));
  } else if (type.kind == TypeKind::Array) {
    layout = Layout::Array;
    parts.emplace_back(type.children[0]);
  } else if (type.kind == TypeKind::Map) {
    DataType pair;
    pair.kind = TypeKind::Tuple;
    pair.children = type.children;
    layout = Layout::Array;
    parts.emplace_back(pair);
  } else if (type.kind == TypeKind::Tuple) {
    layout = Layout::Tuple;
    min_bytes = 0;
    for (const DataType& element : type.children) min_bytes += parts.emplace_back(element).min_bytes;
  } else if (type.width > 0) {
    layout = fixed_layout(type.width);
    min_bytes = width = type.width;
  } else {
    json = type.kind == TypeKind::Json;
  }
}

void NativeColumn::clear(FrameSink* sink) {
  bytes.clear(dictionary ? nullptr : sink);
  elements = 0;
  if (dictionary) dictionary->clear();
  for (NativeColumn& part : parts) part.clear(sink);
}

void NativeColumn::free() {
  bytes.free();
  if (dictionary) dictionary->free();
  for (NativeColumn& part : parts) part.free();
}

uint64_t NativeColumn::held_bytes() const {
  uint64_t held = bytes.held_bytes() + (dictionary ? dictionary->held_bytes() : 0);
  for (const NativeColumn& part : parts) held += part.held_bytes();
  return held;
}

void NativeColumn::append_prefixes(std::string& out) const {
  if (dictionary) append_u64(out, kKeysWithTheBlock);
  if (json) append_u64(out, kJsonAsString);
  for (const NativeColumn& part : parts) part.append_prefixes(out);
}

void NativeColumn::append_values(std::vector<BlockPiece>& out) {
  if (dictionary) {
    const uint64_t count = bytes.size() / sizeof(uint32_t);
    if (count == 0) return;  // not even an empty dictionary
    const uint64_t keys = dictionary->count();
    const uint64_t index_type = keys <= 1 << 8 ? 0 : keys <= 1 << 16 ? 1 : 2;
    const uint64_t header[] = {kHasKeys | kNewDictionary | index_type, keys, count};
    std::memcpy(key_header.data(), header, sizeof header);
    if (index_type == 0) narrow<uint8_t>(bytes, count);
    if (index_type == 1) narrow<uint16_t>(bytes, count);
    out.insert(out.end(), {{{key_header.data(), 16}}, {dictionary->bytes()}, {{key_header.data() + 16, 8}}});
  }
  bytes.append_pieces(out);
  for (NativeColumn& part : parts) part.append_values(out);
}

bool RowReader::reserve(uint64_t rows) {
  for (NativeColumn& column : columns_) {
    if (!reserve(column, rows)) return false;
  }
  return true;
}

// For everything that has a fixed size per value.
bool RowReader::reserve(NativeColumn& column, uint64_t values) {
  using enum NativeColumn::Layout;
  uint64_t width = column.width;
  switch (column.layout) {
    case String:
      return true;
    case Nullable:
      width = 1;
      break;
    case LowCardinality:
      width = sizeof(uint32_t);
      break;
    case Array:
      return column.bytes.reserve(values * sizeof(uint64_t), allowance_);
    case Tuple:
      width = 0;
      break;
    default:
      break;
  }
  if (width > 0 && !column.bytes.reserve(values * width, allowance_)) return false;
  for (NativeColumn& part : column.parts) {
    if (!reserve(part, values)) return false;
  }
  return true;
}

const char* RowReader::read_row(const char* at, const char* end) {
  end_ = end;
  for (NativeColumn& column : columns_) {
    at = read(column, at);
    if (at == nullptr) {
      failed_column_ = static_cast<size_t>(&column - columns_.data());
      return nullptr;
    }
  }
  return at;
}

const char* RowReader::read(NativeColumn& column, const char* at) {
  using enum NativeColumn::Layout;
  switch (column.layout) {
    case Fixed1:
      return read_fixed<1>(column, at);
    case Fixed2:
      return read_fixed<2>(column, at);
    case Fixed4:
      return read_fixed<4>(column, at);
    case Fixed8:
      return read_fixed<8>(column, at);
    case Fixed16:
      return read_fixed<16>(column, at);
    case FixedAny:
      if (left(at) < column.width) return fail(Failure::Ends);
      column.bytes.append(at, column.width);
      return at + column.width;
    case String:
      return read_string(column, at);
    case Nullable:
      return read_nullable(column, at);
    case LowCardinality:
      return read_low_cardinality(column, at);
    case Array:
      return read_array(column, at);
    case Tuple:
      for (NativeColumn& part : column.parts) {
        at = read(part, at);
        if (at == nullptr) return nullptr;
      }
      return at;
  }
  return nullptr;
}

template <size_t width>
const char* RowReader::read_fixed(NativeColumn& column, const char* at) {
  if (left(at) < width) return fail(Failure::Ends);
  column.bytes.append(at, width);
  return at + width;
}

const char* RowReader::read_length(const char* at, uint64_t& length) {
  length = 0;
  for (size_t i = 0; i < kMaxLengthBytes; ++i) {
    if (at == end_) return fail(Failure::Ends);
    const auto byte = static_cast<unsigned char>(*at++);
    length |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) return at;
  }
  return fail(Failure::Length);
}

// The format has the length before the bytes, as the row.
const char* RowReader::read_string(NativeColumn& column, const char* at) {
  uint64_t length = 0;
  const char* const begin = read_length(at, length);
  if (begin == nullptr) return nullptr;
  if (length > left(begin)) return fail(Failure::Ends);
  const size_t size = static_cast<size_t>(begin - at) + length;
  if (!column.bytes.reserve(size, allowance_)) return fail(Failure::TooLarge);
  if (size <= kShortCopy && left(at) >= kShortCopy) {
    std::memcpy(column.bytes.end(), at, kShortCopy);
    column.bytes.advance(size);
  } else {
    column.bytes.append(at, size);
  }
  return at + size;
}

const char* RowReader::read_nullable(NativeColumn& column, const char* at) {
  if (at == end_) return fail(Failure::Ends);
  const auto flag = static_cast<unsigned char>(*at++);
  if (flag > 1) return fail(Failure::Flag);
  column.bytes.put(flag);
  if (flag == 0) return read(column.parts[0], at);
  return add_default(column.parts[0]) ? at : fail(Failure::TooLarge);
}

const char* RowReader::read_low_cardinality(NativeColumn& column, const char* at) {
  if (column.nullable_keys) {
    if (at == end_) return fail(Failure::Ends);
    const auto flag = static_cast<unsigned char>(*at++);
    if (flag > 1) return fail(Failure::Flag);
    if (flag == 1) return add_default(column) ? at : fail(Failure::TooLarge);
  }
  const char* begin = at;
  uint64_t length = column.width;
  if (column.width == 0) begin = read_length(at, length);
  if (begin == nullptr) return nullptr;
  if (length > left(begin)) return fail(Failure::Ends);
  const char* const behind = begin + length;
  return add_key(column, {at, static_cast<size_t>(behind - at)}) ? behind : fail(Failure::TooLarge);
}

bool RowReader::add_key(NativeColumn& column, std::string_view key) {
  if (!prepare_dictionary(column)) return false;
  const auto index = column.dictionary->add(key, allowance_);
  if (index) column.bytes.put(*index);
  return index.has_value();
}

// Where values may be NULL, the first key stands for it.
bool RowReader::prepare_dictionary(NativeColumn& column) {
  if (!column.nullable_keys || column.dictionary->count() > 0) return true;
  return column.dictionary->add_placeholder(column.default_key, allowance_);
}

const char* RowReader::read_array(NativeColumn& column, const char* at) {
  uint64_t count = 0;
  at = read_length(at, count);
  if (at == nullptr) return nullptr;
  NativeColumn& part = column.parts[0];
  if (count > left(at) / part.min_bytes) return fail(Failure::Ends);
  column.elements += count;
  column.bytes.put(column.elements);
  if (!reserve(part, count)) return fail(Failure::TooLarge);
  if (is_fixed(part.layout)) {
    if (count > 0) part.bytes.append(at, count * part.width);
    return at + count * part.width;
  }
  for (uint64_t i = 0; i < count; ++i) {
    at = read(part, at);
    if (at == nullptr) return nullptr;
  }
  return at;
}

// What the format has in place of NULL.
bool RowReader::add_default(NativeColumn& column) {
  using enum NativeColumn::Layout;
  switch (column.layout) {
    case String: {
      const std::string_view empty = column.json ? kEmptyObject : kEmptyString;
      if (!column.bytes.reserve(empty.size(), allowance_)) return false;
      column.bytes.append(empty.data(), empty.size());
      return true;
    }
    case Array:
      column.bytes.put(column.elements);
      return true;
    case Nullable:
      column.bytes.put(uint8_t{1});
      return add_default(column.parts[0]);
    case LowCardinality:
      if (!column.nullable_keys) return add_key(column, column.default_key);
      column.bytes.put(uint32_t{0});
      return prepare_dictionary(column);
    case Tuple:
      for (NativeColumn& part : column.parts) {
        if (!add_default(part)) return false;
      }
      return true;
    default:
      column.bytes.zeros(column.width);
      return true;
  }
}

}  // namespace freshet::columns

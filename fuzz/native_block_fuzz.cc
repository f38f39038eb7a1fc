// The first line is a list of column types with ';' between them, the byte behind it the number of rows, and
// the bytes behind it are the rows as RowBinary. No type and no row may crash the encoder. If it makes a block of them,
// rows read back from the block must make the same block.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "columns/data_type.h"
#include "columns/native_block.h"

namespace {

using freshet::columns::BlockPiece;
using freshet::columns::DataType;
using freshet::columns::NativeBlock;
using freshet::columns::TypeKind;

constexpr uint64_t kMaxBytes = 4 << 20;

void require(bool condition) {
  if (!condition) std::abort();
}

// Reads a block as its format is documented, without regard to how the encoder makes it.
class BlockReader {
 public:
  explicit BlockReader(std::string_view block) : rest_(block) {}

  std::vector<std::string> rows(const std::vector<DataType>& types) {
    require(count() == types.size());
    const uint64_t row_count = count();
    std::vector<std::string> rows(row_count);
    for (const DataType& type : types) {
      take(count());  // name
      take(count());  // type
      if (row_count > 0) take_prefixes(type);
      append(rows, values(type, row_count));
    }
    require(rest_.empty());
    return rows;
  }

 private:
  std::string_view take(uint64_t size) {
    require(size <= rest_.size());
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  uint64_t number(size_t width) {
    uint64_t value = 0;
    std::memcpy(&value, take(width).data(), width);
    return value;
  }
  uint64_t count() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      require(shift < 63);
      const uint64_t byte = number(1);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
  }
  static std::string as_count(uint64_t value) {
    std::string text;
    for (; value >= 0x80; value >>= 7) text.push_back(static_cast<char>(value | 0x80));
    return text + static_cast<char>(value);
  }
  static void append(std::vector<std::string>& to, const std::vector<std::string>& what) {
    for (size_t i = 0; i < to.size(); ++i) to[i] += what[i];
  }

  void take_prefixes(const DataType& type) {
    if (type.low_cardinality || type.kind == TypeKind::Json) require(number(8) == 1);
    for (const DataType& child : type.children) take_prefixes(child);
  }

  // Each value as a row has it.
  std::vector<std::string> values(const DataType& type, uint64_t size) {
    if (type.low_cardinality) return keyed_values(type, size);
    if (!type.nullable) return plain_values(type, size);
    const std::string_view nulls = take(size);
    std::vector<std::string> found = plain_values(type, size);
    for (size_t i = 0; i < size; ++i) found[i] = nulls[i] == 1 ? std::string("\1") : std::string(1, '\0') + found[i];
    return found;
  }

  std::vector<std::string> keyed_values(const DataType& type, uint64_t size) {
    if (size == 0) return {};
    const uint64_t flags = number(8);
    require((flags & ~uint64_t{3}) == 0x600);
    const std::vector<std::string> keys = plain_values(type, number(8));
    require(number(8) == size);
    std::vector<std::string> found;
    for (size_t i = 0; i < size; ++i) {
      const uint64_t index = number(size_t{1} << (flags & 3));
      require(index < keys.size());
      if (!type.nullable) {
        found.push_back(keys[index]);
      } else {
        found.push_back(index == 0 ? std::string("\1") : std::string(1, '\0') + keys[index]);
      }
    }
    return found;
  }

  std::vector<std::string> plain_values(const DataType& type, uint64_t size) {
    std::vector<std::string> found(size);
    if (type.kind == TypeKind::Tuple) {
      for (const DataType& child : type.children) append(found, values(child, size));
    } else if (!type.children.empty()) {
      found = arrays(type, size);
    } else {
      for (std::string& value : found) value = type.width > 0 ? std::string(take(type.width)) : string();
    }
    return found;
  }

  // With the bytes of its length as they are, which may be more than it needs.
  std::string string() {
    const char* const begin = rest_.data();
    const uint64_t size = count();
    take(size);
    return {begin, rest_.data()};
  }

  std::vector<std::string> arrays(const DataType& type, uint64_t size) {
    std::vector<uint64_t> ends;
    for (size_t i = 0; i < size; ++i) {
      ends.push_back(number(8));
      require(i == 0 || ends[i - 1] <= ends[i]);
    }
    std::vector<std::string> elements(ends.empty() ? 0 : ends.back());
    for (const DataType& child : type.children) append(elements, values(child, elements.size()));
    std::vector<std::string> found;
    uint64_t begin = 0;
    for (const uint64_t end : ends) {
      std::string& array = found.emplace_back(as_count(end - begin));
      for (; begin < end; ++begin) array += elements[begin];
    }
    return found;
  }

  std::string_view rest_;
};

std::string joined(const std::vector<BlockPiece>& pieces) {
  std::string all;
  for (const BlockPiece& piece : pieces) all += piece.bytes;
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.find('\n');
  if (line == std::string_view::npos || line + 1 == size) return 0;
  std::vector<std::string> names;
  std::vector<std::string> types;
  std::vector<DataType> parsed;
  for (std::string_view list = input.substr(0, line); !list.empty();) {
    const std::string_view type = list.substr(0, list.find(';'));
    list.remove_prefix(std::min(list.size(), type.size() + 1));
    auto tree = freshet::columns::parse_data_type(type);
    if (!tree) require(tree.error().text.size() < 400);
    if (tree) parsed.push_back(*std::move(tree));
    names.push_back("c" + std::to_string(types.size()));
    types.emplace_back(type);
  }
  auto block = NativeBlock::create(names, types);
  require(block.has_value() == (!types.empty() && parsed.size() == types.size()));
  if (!block) return 0;
  const uint64_t row_count = static_cast<unsigned char>(input[line + 1]);
  const auto encoded = block->encode({input.substr(line + 2)}, row_count, kMaxBytes);
  if (!encoded) {
    require(!encoded.error().text.empty());
    return 0;
  }
  const std::string bytes = joined(*encoded);
  const std::vector<std::string> rows = BlockReader(bytes).rows(parsed);
  const auto again = block->encode({rows.begin(), rows.end()}, row_count, 2 * kMaxBytes);
  require(again.has_value() && joined(*again) == bytes);
  return 0;
}

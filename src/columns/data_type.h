// The type of a ClickHouse column: which values it has, and how they look as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::columns {

enum class TypeKind : uint8_t {
  Bool,
  Int8,
  Int16,
  Int32,
  Int64,
  Int128,
  Int256,
  UInt8,
  UInt16,
  UInt32,
  UInt64,
  UInt128,
  UInt256,
  BFloat16,
  Float32,
  Float64,
  Decimal,      // a signed integer of `width` bytes; its last `scale` digits are behind the point
  Date,         // UInt16: days since 1970-01-01
  Date32,       // Int32: days since 1970-01-01
  DateTime,     // UInt32: seconds since 1970-01-01 UTC
  DateTime64,   // Int64: ticks since 1970-01-01 UTC, of which a second has 10^scale
  Time,         // Int32: seconds
  Time64,       // Int64: ticks, of which a second has 10^scale
  Enum8,        // Int8
  Enum16,       // Int16
  Uuid,         // RowBinaryWriter::uuid()
  IPv4,         // UInt32, little-endian
  IPv6,         // 16 bytes in network order
  FixedString,  // `width` bytes
  String,       // a count of bytes as LEB128, the bytes
  Json,         // JSON(...): as String, the text of an object (RowBinary: input_format_binary_read_json_as_string)
  Array,        // a count of elements as LEB128, the elements; also Nested and the geometric types
  Map,          // a count of pairs as LEB128, each a key and a value
  Tuple,        // the elements
};

struct EnumValue {
  std::string name;
  int16_t value = 0;
  bool operator==(const EnumValue&) const = default;
};

// A value in RowBinary: if the type is nullable, one byte (1 = NULL, and nothing follows; 0 = a value follows), then
// what TypeKind says. LowCardinality() and SimpleAggregateFunction() change nothing there. Numbers are little-endian.
struct DataType {
  TypeKind kind = TypeKind::String;
  bool nullable = false;
  bool low_cardinality = false;
  uint8_t precision = 0;                 // Decimal: digits
  uint8_t scale = 0;                     // Decimal, DateTime64, Time64: digits behind the point
  uint32_t width = 0;                    // bytes of a value; 0: they differ
  std::string time_zone{};               // DateTime, DateTime64; empty = the server's
  std::vector<EnumValue> enum_values{};  // as listed
  std::vector<DataType> children{};      // Array: the element; Map: key, value; Tuple: the elements
  std::vector<std::string> names{};      // Tuple: names of the elements; empty if they have none
  bool operator==(const DataType&) const = default;
};

// Deeper types are not supported.
constexpr size_t kMaxTypeDepth = 32;

// `name` as DESCRIBE TABLE writes it. The error names the type that is not supported (or is not a type). Threads: any.
Result<DataType> parse_data_type(std::string_view name);

}  // namespace freshet::columns

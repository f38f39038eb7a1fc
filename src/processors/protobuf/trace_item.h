// Decodes the protobuf message of the topic snuba-items (sentry_protos.snuba.v1.TraceItem).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "processors/json/json_reader.h"
#include "processors/protobuf/protobuf_reader.h"

namespace freshet::processors {

enum class AttributeKind : uint8_t {
  Nothing,  // no value, or one that is not stored: bytes, key-value lists, arrays in arrays
  String,
  Bool,
  Int,
  Double,
  Array,
};

// A string, number or bool.
struct AttributeScalar {
  AttributeKind kind = AttributeKind::Nothing;
  union {
    bool bool_value;
    int64_t int_value = 0;
    double double_value;
  };
  JsonString string_value;
};

struct Attribute {
  JsonString key;
  uint32_t key_hash = 0;  // hash_of(key)
  AttributeScalar value;
  // For an array: the range of its storable elements in TraceItem::elements.
  uint32_t elements_begin = 0;
  uint32_t elements_end = 0;
};

struct CategoryCount {
  uint32_t data_category = 0;
  uint64_t quantity = 0;
};

// Absent fields are 0 or empty. Views point into the payload.
struct TraceItemFields {
  uint64_t organization_id = 0;
  uint64_t project_id = 0;
  JsonString trace_id;
  std::string_view item_id;
  int32_t item_type = 0;
  std::optional<int64_t> timestamp;  // seconds since 1970, any value
  std::optional<int64_t> received;   // the same
  double client_sample_rate = 0;
  double server_sample_rate = 0;
  JsonString conversation_id;
  JsonString session_id;
  uint32_t retention_days = 0;
  uint32_t downsampled_retention_days = 0;
  uint64_t key_id = 0;  // from `outcomes`
};

struct TraceItem : TraceItemFields {
  std::vector<CategoryCount> category_count;  // from `outcomes`
  // If a key occurs several times, all attributes except the last have the kind Nothing.
  std::vector<Attribute> attributes;
  std::vector<AttributeScalar> elements;

  void clear() {
    static_cast<TraceItemFields&>(*this) = {};
    category_count.clear();
    attributes.clear();
    elements.clear();
  }
};

// FNV-1a, 32 bits.
constexpr uint32_t hash_of(std::string_view key) {
  uint32_t hash = 2166136261;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return hash;
}

// Decodes messages; reuses its memory. Threads: one.
class TraceItemDecoder {
 public:
  // `june`: the message of older Snuba, without conversation and session.
  explicit TraceItemDecoder(bool june) : june_(june) {}

  // False: `reader` has the error.
  bool decode(ProtobufReader& reader, TraceItem& out);

 private:
  void keep_last_of_each_key(std::vector<Attribute>& attributes);

  const bool june_;
  std::vector<uint32_t> order_;  // scratch
};

}  // namespace freshet::processors

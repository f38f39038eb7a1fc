// A trace item as a row, independent of the format.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "processors/protobuf/trace_item.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

constexpr size_t kAttributeBuckets = 40;

struct Sampling {
  double factor = 1;
  uint64_t weight = 1;
  double client_rate = 1;
  double server_rate = 1;
};
Sampling sampling_of(double client_rate, double server_rate);

// Assigns attributes to columns. Strings and numbers are distributed over buckets by the hash of their key. An integer
// is stored in attributes_int and, as a double, in the float buckets. An array is split by the types of its elements.
class AttributeColumns {
 public:
  // Keeps references to `attributes` and `elements`, which must not change until the row is written.
  void place(const std::vector<Attribute>& attributes, const std::vector<AttributeScalar>& elements);

  // One of the eighty map columns.
  struct Bucket {
    uint32_t count = 0;
    uint32_t first = 0;  // index of an attribute; next() gives the following ones
  };
  const Bucket& strings(size_t bucket) const { return strings_[bucket]; }
  const Bucket& floats(size_t bucket) const { return floats_[bucket]; }
  // Calls `each` with the attributes of a bucket.
  template <typename Each>
  void visit(const Bucket& bucket, Each each) const {
    uint32_t at = bucket.first;
    for (uint32_t i = 0; i < bucket.count; ++i, at = next_[at]) each((*attributes_)[at]);
  }

  // Number of attributes of this kind. For arrays: all, including empty ones.
  uint32_t count(AttributeKind kind) const { return counts_[static_cast<size_t>(kind)]; }
  template <typename Each>
  void visit(AttributeKind kind, Each each) const {
    if (count(kind) == 0) return;
    for (const Attribute& attribute : *attributes_) {
      if (attribute.value.kind == kind) each(attribute);
    }
  }
  // Number of arrays that have elements of this kind.
  uint32_t arrays_of(AttributeKind kind) const { return arrays_[static_cast<size_t>(kind)]; }
  // Number of elements of this kind in an array.
  uint32_t elements_of(const Attribute& array, AttributeKind kind) const;
  template <typename Each>
  void visit_elements(const Attribute& array, AttributeKind kind, Each each) const {
    for (uint32_t i = array.elements_begin; i < array.elements_end; ++i) {
      if ((*elements_)[i].kind == kind) each((*elements_)[i]);
    }
  }
  template <typename Each>
  void visit_elements(const Attribute& array, Each each) const {
    for (uint32_t i = array.elements_begin; i < array.elements_end; ++i) each((*elements_)[i]);
  }

 private:
  static constexpr size_t kKinds = 6;
  void add(Bucket& bucket, uint32_t index);
  void count_elements(const Attribute& array);

  const std::vector<Attribute>* attributes_ = nullptr;
  const std::vector<AttributeScalar>* elements_ = nullptr;
  std::array<Bucket, kAttributeBuckets> strings_{};
  std::array<Bucket, kAttributeBuckets> floats_{};
  std::array<uint32_t, kKinds> counts_{};
  std::array<uint32_t, kKinds> arrays_{};
  std::vector<uint32_t> next_;
};

// The value for the float columns.
inline double float_of(const AttributeScalar& value) {
  return value.kind == AttributeKind::Int ? static_cast<double>(value.int_value) : value.double_value;
}

struct EapRow {
  uint64_t organization_id = 0;
  uint64_t project_id = 0;
  uint8_t item_type = 0;
  uint32_t timestamp = 0;  // seconds
  Uuid trace_id;
  Uuid session_id;
  JsonString conversation_id;
  std::string_view item_id;  // 16 bytes of a little-endian integer
  JsonString indexed_name;
  Sampling sampling;
  uint16_t retention_days = 0;
  uint16_t downsampled_retention_days = 0;
  std::optional<uint64_t> received_at;  // milliseconds
};

}  // namespace freshet::processors

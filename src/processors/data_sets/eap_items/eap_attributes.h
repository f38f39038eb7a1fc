// Assigns the attributes of a trace item to columns.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "processors/formats/row_values.h"
#include "processors/protobuf/trace_item.h"

namespace freshet::processors {

// Columns of strings and of numbers, over which attributes are distributed by the hash of their key.
constexpr size_t kAttributeBuckets = 40;

// The attributes of one column, in the order of the row.
class AttributeRange {
 public:
  struct Node {
    const Attribute* attribute;
    uint32_t next;   // index of a node; 0: none
    uint32_t count;  // in the first node: of all nodes
  };
  struct Iterator {
    const Node* nodes;
    uint32_t at;
    const Attribute& operator*() const { return *nodes[at].attribute; }
    Iterator& operator++() {
      at = nodes[at].next;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at != other.at; }
  };

  AttributeRange(const Node* nodes, uint32_t first) : nodes_(nodes), first_(first) {}
  Iterator begin() const { return {nodes_, first_}; }
  Iterator end() const { return {nodes_, 0}; }
  bool empty() const { return first_ == 0; }
  size_t size() const { return empty() ? 0 : nodes_[first_].count; }

 private:
  const Node* nodes_;
  uint32_t first_;
};

// The elements of an array that have one kind.
class ElementRange {
 public:
  struct Iterator {
    const ElementRange& range;
    const AttributeScalar* at;
    const AttributeScalar& operator*() const { return *at; }
    Iterator& operator++() {
      at = range.from(at + 1);
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at != other.at; }
  };

  ElementRange(const AttributeScalar* begin, const AttributeScalar* end, AttributeKind kind)
      : begin_(begin), end_(end), kind_(kind) {}
  Iterator begin() const { return {*this, from(begin_)}; }
  Iterator end() const { return {*this, end_}; }
  size_t size() const;

 private:
  const AttributeScalar* from(const AttributeScalar* at) const {
    while (at != end_ && at->kind != kind_) ++at;
    return at;
  }

  const AttributeScalar* begin_;
  const AttributeScalar* end_;
  AttributeKind kind_;
};

// An integer is in attributes_int and, as a double, in a column of numbers. An array is split by the types of its
// elements. Reuses its memory. Threads: one.
class AttributeColumns {
 public:
  // Keeps references to `attributes` and `elements`, which must not change until the row is written.
  void place(const std::vector<Attribute>& attributes, const std::vector<AttributeScalar>& elements);

  // `bucket`: an even number: a column of strings, an odd one: of numbers.
  AttributeRange bucket(size_t bucket) const { return {nodes_.data(), buckets_[bucket]}; }
  // Of this kind; for arrays all, including empty ones.
  AttributeRange of(AttributeKind kind) const { return {nodes_.data(), kinds_[static_cast<size_t>(kind)].first}; }
  // Arrays that have elements of this kind.
  AttributeRange arrays_of(AttributeKind kind) const {
    return {nodes_.data(), arrays_[static_cast<size_t>(kind)].first};
  }
  const AttributeScalar* elements() const { return elements_; }

 private:
  struct List {
    uint32_t first = 0;  // as AttributeRange::Node::next
    uint32_t last = 0;
  };
  static constexpr size_t kKinds = 6;

  void add_to_bucket(const Attribute& attribute, size_t odd);
  void add_last(List& list, const Attribute& attribute);
  void add_array(const Attribute& array);

  const AttributeScalar* elements_ = nullptr;
  std::array<uint32_t, 2 * kAttributeBuckets> buckets_{};
  std::array<List, kKinds> kinds_{};
  std::array<List, kKinds> arrays_{};
  std::vector<AttributeRange::Node> nodes_;
};

// The value for the columns of numbers.
inline double number_of(const AttributeScalar& value) {
  return value.kind == AttributeKind::Int ? static_cast<double>(value.int_value) : value.double_value;
}

// --- values of columns; Out: RowWriter, TypedCell or BinaryRowWriter ------------------------------------------------

template <typename Out>
void write_value(Out& out, const AttributeScalar& v) {
  switch (v.kind) {
    case AttributeKind::String:
      return out.value(v.string_value);
    case AttributeKind::Bool:
      return out.value(v.bool_value);
    case AttributeKind::Int:
      return out.value(v.int_value);
    case AttributeKind::Double:
      return out.value(v.double_value);
    case AttributeKind::Array:
    case AttributeKind::Nothing:
      break;
  }
}

// The value of an attribute in its bucket.
struct InBucket {
  const AttributeScalar& value;
};
template <typename Out>
void write_value(Out& out, const InBucket& v) {
  v.value.kind == AttributeKind::String ? out.value(v.value.string_value) : out.value(number_of(v.value));
}

template <typename Out>
void write_value(Out& out, const ElementRange& v) {
  out.value(Elements{v, [](const AttributeScalar& element) -> const AttributeScalar& { return element; }});
}

}  // namespace freshet::processors

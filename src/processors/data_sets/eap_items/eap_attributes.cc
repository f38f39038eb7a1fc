#include "processors/data_sets/eap_items/eap_attributes.h"

namespace freshet::processors {

size_t ElementRange::size() const {
  size_t count = 0;
  for (const AttributeScalar* at = from(begin_); at != end_; at = from(at + 1)) ++count;
  return count;
}

// The last one becomes the first.
void AttributeColumns::add_to_bucket(const Attribute& attribute, size_t odd) {
  uint32_t& first = buckets_[2 * (attribute.key_hash % kAttributeBuckets) + odd];
  const auto node = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({&attribute, first, nodes_[first].count + 1});
  first = node;
}

void AttributeColumns::add_last(List& list, const Attribute& attribute) {
  const auto node = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({&attribute, 0, 0});
  (list.first == 0 ? list.first : nodes_[list.last].next) = node;
  list.last = node;
  ++nodes_[list.first].count;
}

void AttributeColumns::add_array(const Attribute& array) {
  std::array<bool, kKinds> has{};
  for (uint32_t i = array.elements_begin; i < array.elements_end; ++i)
    has[static_cast<size_t>(elements_[i].kind)] = true;
  for (size_t kind = 0; kind < has.size(); ++kind) {
    if (has[kind]) add_last(arrays_[kind], array);
  }
}

void AttributeColumns::place(const std::vector<Attribute>& attributes, const std::vector<AttributeScalar>& elements) {
  elements_ = elements.data();
  buckets_ = {};
  kinds_ = {};
  arrays_ = {};
  nodes_.assign(1, {});  // index 0 is no node
  for (const Attribute& attribute : attributes) {
    const AttributeKind kind = attribute.value.kind;
    switch (kind) {
      case AttributeKind::Nothing:
        continue;
      case AttributeKind::String:
        add_to_bucket(attribute, 0);
        continue;
      case AttributeKind::Double:
        add_to_bucket(attribute, 1);
        continue;
      case AttributeKind::Int:
        add_to_bucket(attribute, 1);
        break;
      case AttributeKind::Array:
        add_array(attribute);
        break;
      case AttributeKind::Bool:
        break;
    }
    add_last(kinds_[static_cast<size_t>(kind)], attribute);
  }
}

}  // namespace freshet::processors

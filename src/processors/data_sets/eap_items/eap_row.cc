#include "processors/data_sets/eap_items/eap_row.h"

#include <cmath>

#include "processors/values/conversions.h"

namespace freshet::processors {
namespace {

constexpr double kMillion = 1'000'000.0;

bool is_rate(double rate) { return rate > 0 && rate <= 1; }

size_t bucket_of(const Attribute& attribute) { return attribute.key_hash % kAttributeBuckets; }

}  // namespace

Sampling sampling_of(double client_rate, double server_rate) {
  Sampling out;
  if (is_rate(client_rate)) out.client_rate = client_rate;
  if (is_rate(server_rate)) out.server_rate = server_rate;
  out.factor = std::round(out.client_rate * out.server_rate * kMillion) / kMillion;
  if (out.factor < 1 / kMillion) out.factor = 1 / kMillion;
  out.weight = to_u64(std::round(1 / out.factor));
  return out;
}

void AttributeColumns::add(Bucket& bucket, uint32_t index) {
  next_[index] = bucket.first;
  bucket.first = index;
  ++bucket.count;
}

void AttributeColumns::count_elements(const Attribute& array) {
  std::array<bool, kKinds> has{};
  for (uint32_t i = array.elements_begin; i < array.elements_end; ++i) {
    has[static_cast<size_t>((*elements_)[i].kind)] = true;
  }
  for (size_t kind = 0; kind < kKinds; ++kind) arrays_[kind] += has[kind] ? 1 : 0;
}

void AttributeColumns::place(const std::vector<Attribute>& attributes, const std::vector<AttributeScalar>& elements) {
  attributes_ = &attributes;
  elements_ = &elements;
  strings_ = {};
  floats_ = {};
  counts_ = {};
  arrays_ = {};
  if (next_.size() < attributes.size()) next_.resize(attributes.size());
  for (uint32_t i = 0; i < attributes.size(); ++i) {
    const Attribute& attribute = attributes[i];
    ++counts_[static_cast<size_t>(attribute.value.kind)];
    switch (attribute.value.kind) {
      case AttributeKind::String:
        add(strings_[bucket_of(attribute)], i);
        break;
      case AttributeKind::Int:
      case AttributeKind::Double:
        add(floats_[bucket_of(attribute)], i);
        break;
      case AttributeKind::Array:
        count_elements(attribute);
        break;
      case AttributeKind::Bool:
      case AttributeKind::Nothing:
        break;
    }
  }
}

uint32_t AttributeColumns::elements_of(const Attribute& array, AttributeKind kind) const {
  uint32_t count = 0;
  visit_elements(array, kind, [&](const AttributeScalar&) { ++count; });
  return count;
}

}  // namespace freshet::processors

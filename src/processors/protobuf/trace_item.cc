#include "processors/protobuf/trace_item.h"

#include <algorithm>
#include <numeric>

namespace freshet::processors {
namespace {

// Up to this many attributes, every pair of keys is compared; more are sorted.
constexpr size_t kFewAttributes = 24;

template <typename T>
bool read_low_bits(ProtobufReader& reader, T& out) {
  uint64_t value = 0;
  if (!reader.read_varint(value)) return false;
  out = static_cast<T>(value);
  return true;
}

bool read_timestamp(ProtobufReader& reader, std::optional<int64_t>& seconds) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  if (!seconds) seconds = 0;
  int32_t nanos = 0;
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        read_low_bits(reader, *seconds);
        break;
      case 2:
        read_low_bits(reader, nanos);
        break;
      default:
        reader.skip();
    }
  }
  return reader.leave(outer);
}

bool read_category_count(ProtobufReader& reader, CategoryCount& out) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        read_low_bits(reader, out.data_category);
        break;
      case 2:
        reader.read_varint(out.quantity);
        break;
      default:
        reader.skip();
    }
  }
  return reader.leave(outer);
}

bool read_outcomes(ProtobufReader& reader, TraceItem& out) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        read_category_count(reader, out.category_count.emplace_back());
        break;
      case 2:
        reader.read_varint(out.key_id);
        break;
      default:
        reader.skip();
    }
  }
  return reader.leave(outer);
}

bool read_ignored_array(ProtobufReader& reader);
bool read_ignored_list(ProtobufReader& reader);

// The members of a value that is not an array; the last one counts.
bool read_scalar_member(ProtobufReader& reader, AttributeScalar& out) {
  switch (reader.field()) {
    case 1:
      out.kind = AttributeKind::String;
      return reader.read_string(out.string_value);
    case 2: {
      out.kind = AttributeKind::Bool;
      uint64_t flag = 0;
      if (!reader.read_varint(flag)) return false;
      out.bool_value = flag != 0;
      return true;
    }
    case 3:
      out.kind = AttributeKind::Int;
      return read_low_bits(reader, out.int_value);
    case 4:
      out.kind = AttributeKind::Double;
      return reader.read_double(out.double_value);
    case 6:
      out.kind = AttributeKind::Nothing;
      return read_ignored_list(reader);
    case 7: {
      out.kind = AttributeKind::Nothing;
      std::string_view ignored;
      return reader.read_bytes(ignored);
    }
    default:
      return reader.skip();
  }
}

// Reads a value inside an array or list. A nested array is only checked.
bool read_element(ProtobufReader& reader, AttributeScalar& out) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  while (reader.next()) {
    if (reader.field() == 5) {
      out.kind = AttributeKind::Nothing;
      read_ignored_array(reader);
    } else {
      read_scalar_member(reader, out);
    }
  }
  return reader.leave(outer);
}

bool read_ignored_array(ProtobufReader& reader) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  while (reader.next()) {
    AttributeScalar ignored;
    reader.field() == 1 ? read_element(reader, ignored) : reader.skip();
  }
  return reader.leave(outer);
}

bool read_ignored_pair(ProtobufReader& reader) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  JsonString key;
  AttributeScalar value;
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        reader.read_string(key);
        break;
      case 2:
        read_element(reader, value);
        break;
      default:
        reader.skip();
    }
  }
  return reader.leave(outer);
}

bool read_ignored_list(ProtobufReader& reader) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  while (reader.next()) reader.field() == 1 ? read_ignored_pair(reader) : reader.skip();
  return reader.leave(outer);
}

// Consecutive arrays are concatenated; any other value between them starts a new one.
bool read_array(ProtobufReader& reader, Attribute& attribute, std::vector<AttributeScalar>& elements) {
  if (attribute.value.kind != AttributeKind::Array) {
    attribute.value.kind = AttributeKind::Array;
    attribute.elements_begin = attribute.elements_end = static_cast<uint32_t>(elements.size());
  }
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  while (reader.next()) {
    if (reader.field() != 1) {
      reader.skip();
      continue;
    }
    AttributeScalar element;
    read_element(reader, element);
    if (element.kind != AttributeKind::Nothing) elements.push_back(element);
  }
  attribute.elements_end = static_cast<uint32_t>(elements.size());
  return reader.leave(outer);
}

bool read_value(ProtobufReader& reader, Attribute& attribute, std::vector<AttributeScalar>& elements) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  while (reader.next()) {
    reader.field() == 5 ? read_array(reader, attribute, elements) : read_scalar_member(reader, attribute.value);
  }
  return reader.leave(outer);
}

bool same_key(const Attribute& a, const Attribute& b) { return a.key_hash == b.key_hash && a.key.view == b.key.view; }

}  // namespace

bool TraceItemDecoder::decode(ProtobufReader& reader, TraceItem& out) {
  out.clear();
  while (reader.next()) decode_field(reader, out);
  if (reader.failed()) return false;
  keep_last_of_each_key(out.attributes);
  return true;
}

bool TraceItemDecoder::decode_field(ProtobufReader& reader, TraceItem& out) {
  JsonString text;
  switch (reader.field()) {
    case 1:
      return reader.read_varint(out.organization_id);
    case 2:
      return reader.read_varint(out.project_id);
    case 3:
      if (!reader.read_string(text)) return false;
      out.trace_id = text.view;
      return true;
    case 4:
      return reader.read_bytes(out.item_id);
    case 5:
      return read_low_bits(reader, out.item_type);
    case 6:
      return read_timestamp(reader, out.timestamp);
    case 7:
      return decode_attribute(reader, out);
    case 8:
      return reader.read_double(out.client_sample_rate);
    case 9:
      return reader.read_double(out.server_sample_rate);
    case 10:
      return june_ ? reader.skip() : reader.read_string(out.conversation_id);
    case 11:
      return june_ ? reader.skip() : reader.read_string(out.session_id);
    case 100:
      return read_low_bits(reader, out.retention_days);
    case 101:
      return read_timestamp(reader, out.received);
    case 102:
      return read_low_bits(reader, out.downsampled_retention_days);
    case 110:
      return read_outcomes(reader, out);
    default:
      return reader.skip();
  }
}

bool TraceItemDecoder::decode_attribute(ProtobufReader& reader, TraceItem& out) {
  ProtobufReader::Outer outer;
  if (!reader.enter_any(outer)) return false;
  Attribute& attribute = out.attributes.emplace_back();
  attribute.key.plain = true;
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        reader.read_string(attribute.key);
        break;
      case 2:
        read_value(reader, attribute, out.elements);
        break;
      default:
        reader.skip();
    }
  }
  attribute.key_hash = hash_of(attribute.key.view);
  return reader.leave(outer);
}

void TraceItemDecoder::keep_last_of_each_key(std::vector<Attribute>& attributes) {
  const size_t count = attributes.size();
  if (count <= kFewAttributes) {
    for (size_t i = count; i-- > 1;) {
      for (size_t j = i; j-- > 0;) {
        if (attributes[j].key_hash == attributes[i].key_hash && same_key(attributes[j], attributes[i])) {
          attributes[j].value.kind = AttributeKind::Nothing;
        }
      }
    }
    return;
  }
  order_.resize(count);
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(), [&](uint32_t i, uint32_t j) {
    const Attribute& a = attributes[i];
    const Attribute& b = attributes[j];
    if (a.key_hash != b.key_hash) return a.key_hash < b.key_hash;
    const int order = a.key.view.compare(b.key.view);
    return order != 0 ? order < 0 : i < j;
  });
  for (size_t i = 0; i + 1 < count; ++i) {
    Attribute& earlier = attributes[order_[i]];
    if (same_key(earlier, attributes[order_[i + 1]])) earlier.value.kind = AttributeKind::Nothing;
  }
}

}  // namespace freshet::processors

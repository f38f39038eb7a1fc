#include "processors/protobuf/trace_item.h"

#include <algorithm>
#include <numeric>

#include "processors/protobuf/protobuf_message.h"

namespace freshet::processors {
namespace {

// Up to this many attributes, every pair of keys is compared; more are sorted.
constexpr size_t kFewAttributes = 24;

struct Timestamp {
  int64_t seconds = 0;
  int32_t nanos = 0;
};
constexpr auto kTimestamp = message<Timestamp>(number<1, &Timestamp::seconds>(), number<2, &Timestamp::nanos>());

bool read_seconds(ProtobufReader& reader, std::optional<int64_t>& out) {
  Timestamp time{out.value_or(0)};
  if (!kTimestamp(reader, time)) return false;
  out = time.seconds;
  return true;
}

constexpr auto kCount =
    message<CategoryCount>(number<1, &CategoryCount::data_category>(), number<2, &CategoryCount::quantity>());
constexpr auto kOutcomes =
    message<TraceItem>(number<1, &TraceItem::category_count, add_each<kCount>>(), number<2, &TraceItem::key_id>());

// --- attributes -----------------------------------------------------------------------------------------------------

bool read_ignored_array(ProtobufReader& reader, AttributeScalar& out);
bool read_ignored_list(ProtobufReader& reader, AttributeScalar& out);

// A member of a value; the last one counts.
template <AttributeKind kKind, auto kMember>
bool read_member(ProtobufReader& reader, AttributeScalar& out) {
  out.kind = kKind;
  return read_number(reader, out.*kMember);
}
bool read_ignored_bytes(ProtobufReader& reader, AttributeScalar& out) {
  out.kind = AttributeKind::Nothing;
  std::string_view ignored;
  return reader.read_bytes(ignored);
}

using Scalar = AttributeScalar;
constexpr auto kScalar = message<Scalar>(number<1, read_member<AttributeKind::String, &Scalar::string_value>>(),
                                         number<2, read_member<AttributeKind::Bool, &Scalar::bool_value>>(),
                                         number<3, read_member<AttributeKind::Int, &Scalar::int_value>>(),
                                         number<4, read_member<AttributeKind::Double, &Scalar::double_value>>(),
                                         number<6, read_ignored_list>(), number<7, read_ignored_bytes>());
// A value inside an array or list. A nested array is only checked.
constexpr auto kElement = kScalar.with(number<5, read_ignored_array>());

// Values that are only checked.
struct Ignored {
  JsonString key;
  AttributeScalar value;
};
constexpr auto kIgnoredArray = message<Ignored>(number<1, &Ignored::value, kElement>());
constexpr auto kIgnoredPair = message<Ignored>(number<1, &Ignored::key>(), number<2, &Ignored::value, kElement>());
constexpr auto kIgnoredList = message<Ignored>(number<1, kIgnoredPair>());

bool read_ignored_array(ProtobufReader& reader, AttributeScalar& out) {
  out.kind = AttributeKind::Nothing;
  Ignored ignored;
  return kIgnoredArray(reader, ignored);
}
bool read_ignored_list(ProtobufReader& reader, AttributeScalar& out) {
  out.kind = AttributeKind::Nothing;
  Ignored ignored;
  return kIgnoredList(reader, ignored);
}

// An attribute whose value is read, and the elements of all arrays.
struct OpenAttribute {
  Attribute& attribute;
  std::vector<AttributeScalar>& elements;
};

bool read_array_element(ProtobufReader& reader, OpenAttribute& open) {
  AttributeScalar element;
  if (!kElement(reader, element)) return false;
  if (element.kind != AttributeKind::Nothing) open.elements.push_back(element);
  return true;
}
constexpr auto kArray = message<OpenAttribute>(number<1, read_array_element>());

// Consecutive arrays are concatenated; any other value between them starts a new one.
bool read_array(ProtobufReader& reader, OpenAttribute& open) {
  Attribute& attribute = open.attribute;
  if (attribute.value.kind != AttributeKind::Array) {
    attribute.value.kind = AttributeKind::Array;
    attribute.elements_begin = static_cast<uint32_t>(open.elements.size());
  }
  const bool good = kArray(reader, open);
  attribute.elements_end = static_cast<uint32_t>(open.elements.size());
  return good;
}

bool read_value(ProtobufReader& reader, OpenAttribute& open) {
  ProtobufReader::Outer outer;
  if (!reader.enter(outer)) return false;
  while (reader.next()) {
    reader.field() == 5 ? read_array(reader, open) : kScalar.read_one(reader, open.attribute.value);
  }
  return reader.leave(outer);
}
bool read_key(ProtobufReader& reader, OpenAttribute& open) { return reader.read_string(open.attribute.key); }
constexpr auto kAttribute = message<OpenAttribute>(number<1, read_key>(), number<2, read_value>());

// An entry of a map, of which prost ignores the wire type.
bool read_attribute(ProtobufReader& reader, TraceItem& out) {
  ProtobufReader::Outer outer;
  if (!reader.enter_any(outer)) return false;
  Attribute& attribute = out.attributes.emplace_back();
  attribute.key.plain = true;
  OpenAttribute open{attribute, out.elements};
  kAttribute.read_all(reader, open);
  attribute.key_hash = hash_of(attribute.key.view);
  return reader.leave(outer);
}

// --- the item -------------------------------------------------------------------------------------------------------

using Item = TraceItem;
// Of older Snuba.
constexpr auto kJuneItem = message<Item>(number<7, read_attribute>(),                       //
                                         number<1, &Item::organization_id>(),               //
                                         number<2, &Item::project_id>(),                    //
                                         number<3, &Item::trace_id>(),                      //
                                         number<4, &Item::item_id>(),                       //
                                         number<5, &Item::item_type>(),                     //
                                         number<6, &Item::timestamp, read_seconds>(),       //
                                         number<8, &Item::client_sample_rate>(),            //
                                         number<9, &Item::server_sample_rate>(),            //
                                         number<100, &Item::retention_days>(),              //
                                         number<101, &Item::received, read_seconds>(),      //
                                         number<102, &Item::downsampled_retention_days>(),  //
                                         number<110, kOutcomes>());
constexpr auto kItem = kJuneItem.with(number<10, &Item::conversation_id>(), number<11, &Item::session_id>());

bool same_key(const Attribute& a, const Attribute& b) { return a.key_hash == b.key_hash && a.key.view == b.key.view; }

}  // namespace

bool TraceItemDecoder::decode(ProtobufReader& reader, TraceItem& out) {
  out.clear();
  if (!(june_ ? kJuneItem.read_all(reader, out) : kItem.read_all(reader, out))) return false;
  keep_last_of_each_key(out.attributes);
  return true;
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

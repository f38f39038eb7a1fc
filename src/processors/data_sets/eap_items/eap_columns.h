// The columns of trace items. Snuba has another order in RowBinary than in JSON, and older Snuba other columns.
#pragma once

#include <array>
#include <cstring>
#include <string_view>
#include <tuple>
#include <utility>

#include "processors/data_sets/eap_items/eap_attributes.h"
#include "processors/description/description.h"
#include "processors/formats/row_writer.h"
#include "processors/protobuf/trace_item.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

struct Sampling {
  double factor = 1;
  uint64_t weight = 1;
  double client_rate = 1;
  double server_rate = 1;
};

// An item that is valid, with what its row has beside it.
struct EapItem {
  TraceItem in;
  Uuid trace_id;
  Uuid session_id;
  JsonString indexed_name;
  Sampling sampling;
  uint16_t retention_days = 0;
  uint16_t downsampled_retention_days = 0;
  AttributeColumns attributes;
};

namespace eap {

using E = EapItem;
using In = TraceItem;

inline uint8_t item_type(const E& e) { return static_cast<uint8_t>(e.in.item_type); }
inline Seconds timestamp(const E& e) { return {static_cast<uint32_t>(*e.in.timestamp)}; }
// From the bytes of a little-endian integer.
inline UInt128 item_id(const E& e) {
  UInt128 id;
  std::memcpy(&id.low, e.in.item_id.data(), 8);
  std::memcpy(&id.high, e.in.item_id.data() + 8, 8);
  return id;
}
inline uint64_t received_at(const RowContext& context) { return static_cast<uint64_t>(context.timestamp_ms); }

inline constexpr auto key_of = [](const Attribute& attribute) -> const JsonString& { return attribute.key; };

template <AttributeKind kKind>
auto all_of(const E& e) {
  const auto value = [](const Attribute& attribute) -> const AttributeScalar& { return attribute.value; };
  return UnlessEmpty{Pairs{e.attributes.of(kKind), key_of, value}};
}
template <AttributeKind kKind>
auto arrays_of(const E& e) {
  const auto elements = [all = e.attributes.elements()](const Attribute& array) {
    return ElementRange(all + array.elements_begin, all + array.elements_end, kKind);
  };
  return UnlessEmpty{Pairs{e.attributes.arrays_of(kKind), key_of, elements}};
}
inline auto in_bucket(const E& e, size_t bucket) {
  return UnlessEmpty{
      Pairs{e.attributes.bucket(bucket), key_of, [](const Attribute& attribute) { return InBucket{attribute.value}; }}};
}

// attributes_string_0, attributes_float_0, attributes_string_1 and so on.
consteval Column bucket_column(size_t bucket) {
  std::array<char, Column::kRoom> name{};
  size_t size = 0;
  for (const char c : std::string_view(bucket % 2 == 0 ? "attributes_string_" : "attributes_float_")) name[size++] = c;
  if (bucket / 2 >= 10) name[size++] = static_cast<char>('0' + bucket / 20);
  name[size++] = static_cast<char>('0' + bucket / 2 % 10);
  return Column(std::string_view(name.data(), size));
}
template <size_t... I>
consteval std::array<Column, sizeof...(I)> bucket_columns(std::index_sequence<I...>) {
  return {bucket_column(I)...};
}

// --- arrays of older Snuba ------------------------------------------------------------------------------------------

// [{"String":"x"},{"Int":7}]
struct TaggedElements {
  const AttributeScalar* begin;
  const AttributeScalar* end;
};
constexpr std::array kTags = {Column("Nothing"), Column("String"), Column("Bool"), Column("Int"), Column("Double")};

inline void write_value(RowWriter& out, const TaggedElements& v) {
  out.begin_array();
  for (const AttributeScalar* element = v.begin; element != v.end; ++element) {
    out.begin_object();
    out.put(kTags[static_cast<size_t>(element->kind)], *element);
    out.end_object();
  }
  out.end_array();
}
inline auto tagged_arrays(const E& e) {
  const auto elements = [all = e.attributes.elements()](const Attribute& array) {
    return TaggedElements{all + array.elements_begin, all + array.elements_end};
  };
  return UnlessEmpty{AsJson{Pairs{e.attributes.of(AttributeKind::Array), key_of, elements}}};
}

// --- the rows -------------------------------------------------------------------------------------------------------

using Kind = AttributeKind;
constexpr std::tuple kPlace(column<&E::in, &In::organization_id>("organization_id"),
                            column<&E::in, &In::project_id>("project_id"), column<item_type>("item_type"),
                            column<timestamp>("timestamp"), column<&E::trace_id>("trace_id"));
constexpr std::tuple kSession(column<&E::session_id>("session_id"),
                              column<&E::in, &In::conversation_id>("ai_conversation_id"));
constexpr std::tuple kName(column<item_id>("item_id"), column<&E::indexed_name>("indexed_name"));
constexpr std::tuple kFactor(column<&E::sampling, &Sampling::factor>("sampling_factor"));
constexpr std::tuple kWeight(column<&E::sampling, &Sampling::weight>("sampling_weight"));
constexpr std::tuple kRates(column<&E::sampling, &Sampling::client_rate>("client_sample_rate"),
                            column<&E::sampling, &Sampling::server_rate>("server_sample_rate"),
                            column<&E::retention_days>("retention_days"),
                            column<&E::downsampled_retention_days>("downsampled_retention_days"));
constexpr std::tuple kScalars(column<all_of<Kind::Bool>>("attributes_bool"),
                              column<all_of<Kind::Int>>("attributes_int"));
constexpr std::tuple kBuckets(columns_of<in_bucket>(bucket_columns(std::make_index_sequence<2 * kAttributeBuckets>())));
constexpr std::tuple kArrays(column<arrays_of<Kind::String>>("attributes_array_string"),
                             column<arrays_of<Kind::Int>>("attributes_array_int"),
                             column<arrays_of<Kind::Double>>("attributes_array_float"),
                             column<arrays_of<Kind::Bool>>("attributes_array_bool"));
constexpr std::tuple kTaggedArrays(column<tagged_arrays>("attributes_array"));
constexpr std::tuple kReceivedAt(column<received_at>("received_at"));

inline constexpr auto kJson =
    describe<E>(kPlace, kSession, kName, kScalars, kArrays, kBuckets, kFactor, kWeight, kRates);
inline constexpr auto kJsonWithReceivedAt =
    describe<E>(kPlace, kSession, kName, kScalars, kArrays, kBuckets, kFactor, kWeight, kRates, kReceivedAt);
inline constexpr auto kJuneJson =
    describe<E>(kPlace, kName, kScalars, kTaggedArrays, kBuckets, kFactor, kWeight, kRates);
inline constexpr auto kBinary =
    describe<E>(kPlace, kSession, kName, kWeight, kFactor, kRates, kScalars, kBuckets, kArrays);
inline constexpr auto kBinaryWithReceivedAt =
    describe<E>(kPlace, kSession, kName, kWeight, kFactor, kRates, kScalars, kBuckets, kArrays, kReceivedAt);
inline constexpr auto kJuneBinary =
    describe<E>(kPlace, kName, kWeight, kFactor, kRates, kScalars, kBuckets, kTaggedArrays);

}  // namespace eap
}  // namespace freshet::processors

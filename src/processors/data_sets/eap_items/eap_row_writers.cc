#include "processors/data_sets/eap_items/eap_row_writers.h"

#include <array>
#include <cstring>
#include <utility>

namespace freshet::processors {
namespace {

constexpr Column kOrganizationId("organization_id");
constexpr Column kProjectId("project_id");
constexpr Column kItemType("item_type");
constexpr Column kTimestamp("timestamp");
constexpr Column kTraceId("trace_id");
constexpr Column kSessionId("session_id");
constexpr Column kConversationId("ai_conversation_id");
constexpr Column kItemId("item_id");
constexpr Column kIndexedName("indexed_name");
constexpr Column kSamplingFactor("sampling_factor");
constexpr Column kSamplingWeight("sampling_weight");
constexpr Column kClientSampleRate("client_sample_rate");
constexpr Column kServerSampleRate("server_sample_rate");
constexpr Column kRetentionDays("retention_days");
constexpr Column kDownsampledRetentionDays("downsampled_retention_days");
constexpr Column kReceivedAt("received_at");
constexpr Column kBools("attributes_bool");
constexpr Column kInts("attributes_int");
constexpr Column kArrays("attributes_array");

struct ArrayColumn {
  AttributeKind kind;
  Column column;
};
constexpr std::array kArrayColumns = {ArrayColumn{AttributeKind::String, Column("attributes_array_string")},
                                      ArrayColumn{AttributeKind::Int, Column("attributes_array_int")},
                                      ArrayColumn{AttributeKind::Double, Column("attributes_array_float")},
                                      ArrayColumn{AttributeKind::Bool, Column("attributes_array_bool")}};

// The name of a bucket's column, such as attributes_string_39.
consteval Column bucket_column(std::string_view prefix, size_t bucket) {
  std::array<char, Column::kRoom> name{};
  size_t size = 0;
  for (const char c : prefix) name[size++] = c;
  if (bucket >= 10) name[size++] = static_cast<char>('0' + bucket / 10);
  name[size++] = static_cast<char>('0' + bucket % 10);
  return Column(std::string_view(name.data(), size));
}
template <size_t... I>
consteval std::array<Column, sizeof...(I)> bucket_columns(std::string_view prefix, std::index_sequence<I...>) {
  return {bucket_column(prefix, I)...};
}
constexpr auto kStrings = bucket_columns("attributes_string_", std::make_index_sequence<kAttributeBuckets>());
constexpr auto kFloats = bucket_columns("attributes_float_", std::make_index_sequence<kAttributeBuckets>());

void put_scalar(const AttributeScalar& value, RowWriter& out) {
  switch (value.kind) {
    case AttributeKind::String:
      return out.value(value.string_value);
    case AttributeKind::Bool:
      return out.value(value.bool_value);
    case AttributeKind::Int:
      return out.value(value.int_value);
    case AttributeKind::Double:
      return out.value(value.double_value);
    case AttributeKind::Array:
    case AttributeKind::Nothing:
      break;
  }
}

void write_item_id(std::string_view bytes, RowWriter& out) {
  uint64_t low = 0;
  uint64_t high = 0;
  std::memcpy(&low, bytes.data(), 8);
  std::memcpy(&high, bytes.data() + 8, 8);
  std::array<char, 40> text;
  char* const end = write_u128(high, low, text.data());
  out.raw({text.data(), static_cast<size_t>(end - text.data())});
}

void write_map(const Column& column, AttributeKind kind, const AttributeColumns& columns, RowWriter& out) {
  if (columns.count(kind) == 0) return;
  out.key(column);
  out.begin_object();
  columns.visit(kind, [&](const Attribute& attribute) {
    out.key(attribute.key);
    put_scalar(attribute.value, out);
  });
  out.end_object();
}

void write_typed_arrays(const AttributeColumns& columns, RowWriter& out) {
  for (const auto& [kind, column] : kArrayColumns) {
    if (columns.arrays_of(kind) == 0) continue;
    out.key(column);
    out.begin_object();
    columns.visit(AttributeKind::Array, [&, kind = kind](const Attribute& array) {
      if (columns.elements_of(array, kind) == 0) return;
      out.key(array.key);
      out.begin_array();
      columns.visit_elements(array, kind, [&](const AttributeScalar& element) { put_scalar(element, out); });
      out.end_array();
    });
    out.end_object();
  }
}

constexpr Column kStringTag("String");
constexpr Column kBoolTag("Bool");
constexpr Column kIntTag("Int");
constexpr Column kDoubleTag("Double");

const Column& tag_of(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::Bool:
      return kBoolTag;
    case AttributeKind::Int:
      return kIntTag;
    case AttributeKind::Double:
      return kDoubleTag;
    default:
      return kStringTag;
  }
}

// {"key":[{"String":"x"},{"Int":7}]}: all arrays in one column, as in older Snuba.
void write_tagged_arrays(const AttributeColumns& columns, RowWriter& out) {
  out.begin_object();
  columns.visit(AttributeKind::Array, [&](const Attribute& array) {
    out.key(array.key);
    out.begin_array();
    columns.visit_elements(array, [&](const AttributeScalar& element) {
      out.begin_object();
      out.key(tag_of(element.kind));
      put_scalar(element, out);
      out.end_object();
    });
    out.end_array();
  });
  out.end_object();
}

void write_buckets(const AttributeColumns& columns, RowWriter& out) {
  for (size_t bucket = 0; bucket < kAttributeBuckets; ++bucket) {
    if (const auto& strings = columns.strings(bucket); strings.count > 0) {
      out.key(kStrings[bucket]);
      out.begin_object();
      columns.visit(strings, [&](const Attribute& attribute) {
        out.key(attribute.key);
        out.value(attribute.value.string_value);
      });
      out.end_object();
    }
    if (const auto& floats = columns.floats(bucket); floats.count > 0) {
      out.key(kFloats[bucket]);
      out.begin_object();
      columns.visit(floats, [&](const Attribute& attribute) {
        out.key(attribute.key);
        out.value(float_of(attribute.value));
      });
      out.end_object();
    }
  }
}

void write_element_binary(const AttributeScalar& element, columns::RowBinaryWriter& out) {
  switch (element.kind) {
    case AttributeKind::String:
      return out.string(element.string_value.view);
    case AttributeKind::Bool:
      return out.fixed(element.bool_value);
    case AttributeKind::Int:
      return out.fixed(element.int_value);
    case AttributeKind::Double:
      return out.fixed(element.double_value);
    case AttributeKind::Array:
    case AttributeKind::Nothing:
      break;
  }
}

void write_map_binary(AttributeKind kind, const AttributeColumns& columns, columns::RowBinaryWriter& out) {
  out.count(columns.count(kind));
  columns.visit(kind, [&](const Attribute& attribute) {
    out.string(attribute.key.view);
    write_element_binary(attribute.value, out);
  });
}

void write_buckets_binary(const AttributeColumns& columns, columns::RowBinaryWriter& out) {
  for (size_t bucket = 0; bucket < kAttributeBuckets; ++bucket) {
    out.count(columns.strings(bucket).count);
    columns.visit(columns.strings(bucket), [&](const Attribute& attribute) {
      out.string(attribute.key.view);
      out.string(attribute.value.string_value.view);
    });
    out.count(columns.floats(bucket).count);
    columns.visit(columns.floats(bucket), [&](const Attribute& attribute) {
      out.string(attribute.key.view);
      out.fixed(float_of(attribute.value));
    });
  }
}

void write_typed_arrays_binary(const AttributeColumns& columns, columns::RowBinaryWriter& out) {
  for (const auto& [kind, column] : kArrayColumns) {
    out.count(columns.arrays_of(kind));
    if (columns.arrays_of(kind) == 0) continue;
    columns.visit(AttributeKind::Array, [&, kind = kind](const Attribute& array) {
      const uint32_t count = columns.elements_of(array, kind);
      if (count == 0) return;
      out.string(array.key.view);
      out.count(count);
      columns.visit_elements(array, kind, [&](const AttributeScalar& element) { write_element_binary(element, out); });
    });
  }
}

}  // namespace

std::vector<std::string> eap_row_binary_columns(bool june, bool received_at) {
  std::vector<std::string> names;
  const auto add = [&](const Column& column) { names.emplace_back(column.name()); };
  add(kOrganizationId);
  add(kProjectId);
  add(kItemType);
  add(kTimestamp);
  add(kTraceId);
  if (!june) add(kSessionId);
  if (!june) add(kConversationId);
  add(kItemId);
  add(kIndexedName);
  add(kSamplingWeight);
  add(kSamplingFactor);
  add(kClientSampleRate);
  add(kServerSampleRate);
  add(kRetentionDays);
  add(kDownsampledRetentionDays);
  add(kBools);
  add(kInts);
  for (size_t bucket = 0; bucket < kAttributeBuckets; ++bucket) {
    add(kStrings[bucket]);
    add(kFloats[bucket]);
  }
  if (june) {
    add(kArrays);
    return names;
  }
  for (const auto& [kind, column] : kArrayColumns) add(column);
  if (received_at) add(kReceivedAt);
  return names;
}

void write_eap_json(const EapRow& row, const AttributeColumns& columns, bool june, RowWriter& out) {
  out.begin_row();
  out.put(kOrganizationId, row.organization_id);
  out.put(kProjectId, row.project_id);
  out.put(kItemType, row.item_type);
  out.put(kTimestamp, row.timestamp);
  out.put(kTraceId, row.trace_id);
  if (!june) {
    out.put(kSessionId, row.session_id);
    out.put(kConversationId, row.conversation_id);
  }
  out.key(kItemId);
  write_item_id(row.item_id, out);
  out.put(kIndexedName, row.indexed_name);
  write_map(kBools, AttributeKind::Bool, columns, out);
  write_map(kInts, AttributeKind::Int, columns, out);
  if (!june) {
    write_typed_arrays(columns, out);
  } else if (columns.count(AttributeKind::Array) > 0) {
    out.key(kArrays);
    write_tagged_arrays(columns, out);
  }
  write_buckets(columns, out);
  out.put(kSamplingFactor, row.sampling.factor);
  out.put(kSamplingWeight, row.sampling.weight);
  out.put(kClientSampleRate, row.sampling.client_rate);
  out.put(kServerSampleRate, row.sampling.server_rate);
  out.put(kRetentionDays, row.retention_days);
  out.put(kDownsampledRetentionDays, row.downsampled_retention_days);
  if (row.received_at) out.put(kReceivedAt, *row.received_at);
  out.end_row();
}

void write_eap_row_binary(const EapRow& row, const AttributeColumns& columns, bool june, RowWriter& scratch,
                          columns::RowBinaryWriter& out) {
  out.fixed(row.organization_id);
  out.fixed(row.project_id);
  out.fixed(row.item_type);
  out.fixed(row.timestamp);
  out.uuid(row.trace_id.bytes);
  if (!june) {
    out.uuid(row.session_id.bytes);
    out.string(row.conversation_id.view);
  }
  out.raw(row.item_id);
  out.string(row.indexed_name.view);
  out.fixed(row.sampling.weight);
  out.fixed(row.sampling.factor);
  out.fixed(row.sampling.client_rate);
  out.fixed(row.sampling.server_rate);
  out.fixed(row.retention_days);
  out.fixed(row.downsampled_retention_days);
  write_map_binary(AttributeKind::Bool, columns, out);
  write_map_binary(AttributeKind::Int, columns, out);
  write_buckets_binary(columns, out);
  if (june) {
    scratch.clear();
    write_tagged_arrays(columns, scratch);
    out.string(scratch.text());
    return;
  }
  write_typed_arrays_binary(columns, out);
  if (row.received_at) out.fixed(*row.received_at);
}

}  // namespace freshet::processors

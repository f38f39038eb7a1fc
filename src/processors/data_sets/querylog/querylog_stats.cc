#include "processors/data_sets/querylog/querylog_stats.h"

#include <array>
#include <string_view>
#include <utility>

#include "processors/json/struct_reader.h"

namespace freshet::processors {
namespace {

bool take(JsonReader& json, const CopiedValue& value, bool& out) {
  if (value.kind != JsonKind::Bool) return json.fail("expected true or false");
  out = value.flag;
  return true;
}

bool take(JsonReader& json, const CopiedValue& value, uint8_t& out) {
  if (value.kind != JsonKind::Number || value.number.kind != JsonNumber::Kind::Unsigned) {
    return json.fail("expected an unsigned integer");
  }
  if (value.number.unsigned_value > UINT8_MAX) return json.fail("an integer is out of range");
  out = static_cast<uint8_t>(value.number.unsigned_value);
  return true;
}

bool take(JsonReader& json, const CopiedValue& value, JsonString& out) {
  if (value.kind != JsonKind::String) return json.fail("expected a string");
  out = value.string;
  return true;
}

bool take(JsonReader&, const CopiedValue& value, float& out) {
  if (value.kind == JsonKind::Number) out = static_cast<float>(value.number.as_double());
  return true;
}

template <auto kMember>
bool take_member(JsonReader& json, const CopiedValue& value, QuerylogStats& out) {
  return take(json, value, out.*kMember);
}

// How a field is read, and whether the text has it if it is null or missing.
struct KnownField {
  std::string_view name;
  bool (*take)(JsonReader&, const CopiedValue&, QuerylogStats&);
  bool without_null = false;      // null counts as missing
  std::string_view missing = {};  // what a missing field has in the text; empty: the text does not have it
};
constexpr std::array kKnown = {
    KnownField{"consistent", take_member<&QuerylogStats::consistent>, true},
    KnownField{"final", take_member<&QuerylogStats::final>, false, "false"},
    KnownField{"cache_hit", take_member<&QuerylogStats::cache_hit>, true},
    KnownField{"sample", take_member<&QuerylogStats::sample>, false, "null"},
    KnownField{"max_threads", take_member<&QuerylogStats::max_threads>, true},
    KnownField{"clickhouse_table", take_member<&QuerylogStats::clickhouse_table>, false, R"("")"},
    KnownField{"query_id", take_member<&QuerylogStats::query_id>, false, R"("")"},
    KnownField{"is_duplicate", take_member<&QuerylogStats::is_duplicate>, true}};
constexpr size_t kCount = kKnown.size();

constexpr auto kFields = []<size_t... I>(std::index_sequence<I...>) {
  return Fields<kCount>({Field{kKnown[I].name}...});
}
(std::make_index_sequence<kCount>());

}  // namespace

bool read_stats(ReadContext& in, QuerylogStats& out) {
  SortedJson& all = out.copier.get();
  all.begin();
  StructReader fields(in.json, kFields, Unknown::Tell, true);
  for (int field; (field = fields.next()) >= 0;) {
    CopiedValue value;
    if (!all.copy(in.json, fields.key(), value)) return false;
    if (field == StructReader<kCount>::kUnknown) continue;
    const KnownField& known = kKnown[static_cast<size_t>(field)];
    if (known.without_null && value.kind == JsonKind::Null) {
      all.drop_last();
    } else if (!known.take(in.json, value, out)) {
      return false;
    }
  }
  if (!fields.complete()) return false;
  for (size_t i = 0; i < kCount; ++i) {
    if (!kKnown[i].missing.empty() && !fields.has(static_cast<int>(i))) all.add(kKnown[i].name, kKnown[i].missing);
  }
  out.all = all.end(in.json);
  return true;
}

}  // namespace freshet::processors

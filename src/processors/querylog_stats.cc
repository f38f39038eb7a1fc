#include "processors/querylog_stats.h"

#include <cstring>

#include "processors/json_text.h"
#include "processors/sort_last_wins.h"
#include "processors/struct_reader.h"

namespace freshet::processors {
namespace {

enum Stats { kConsistent, kFinal, kCacheHit, kSample, kMaxThreads, kClickhouseTable, kQueryId, kIsDuplicate };
constexpr Fields kFields({{"consistent"},
                          {"final"},
                          {"cache_hit"},
                          {"sample"},
                          {"max_threads"},
                          {"clickhouse_table"},
                          {"query_id"},
                          {"is_duplicate"}});

JsonNode node_of(JsonKind kind) {
  JsonNode node;
  node.kind = kind;
  return node;
}

const JsonNode kNull = node_of(JsonKind::Null);
const JsonNode kFalse = node_of(JsonKind::Bool);
const JsonNode kEmptyText = node_of(JsonKind::String);

}  // namespace

bool QuerylogStatsReader::read(QuerylogStats& out) {
  tree_.clear();
  members_.clear();
  StructReader fields(json_, kFields, Unknown::Tell, true);
  for (int field; (field = fields.next()) >= 0;) {
    const JsonString name = fields.key();
    const JsonNode* const value = tree_.read(json_);
    if (value == nullptr) return false;
    const bool extra = field == StructReader<8>::kUnknown;
    if (!extra && !take_known(field, *value, out)) return false;
    // Of the known fields only the sample is kept as null.
    if (extra || field == kSample || value->kind != JsonKind::Null) members_.push_back({name, value});
  }
  if (!fields.complete()) return false;
  add_missing(fields.has(kFinal), fields.has(kSample), fields.has(kClickhouseTable), fields.has(kQueryId));
  out.text = write_text();
  return true;
}

bool QuerylogStatsReader::take_known(int field, const JsonNode& value, QuerylogStats& out) {
  const bool null = value.kind == JsonKind::Null;
  switch (field) {
    case kConsistent:
      return null || take_flag(value, out.consistent);
    case kFinal:
      return take_flag(value, out.final);
    case kCacheHit:
      return null || take_small(value, out.cache_hit);
    case kSample:
      if (value.kind == JsonKind::Number) out.sample = static_cast<float>(value.number.as_double());
      return true;
    case kMaxThreads:
      return null || take_small(value, out.max_threads);
    case kClickhouseTable:
      return take_text(value, out.clickhouse_table);
    case kQueryId:
      return take_text(value, out.query_id);
    case kIsDuplicate:
      return null || take_small(value, out.is_duplicate);
    default:
      return false;
  }
}

bool QuerylogStatsReader::take_flag(const JsonNode& value, bool& out) {
  if (value.kind != JsonKind::Bool) return json_.fail("expected true or false");
  out = value.bool_value;
  return true;
}

bool QuerylogStatsReader::take_small(const JsonNode& value, uint8_t& out) {
  if (value.kind != JsonKind::Number || value.number.kind != JsonNumber::Kind::Unsigned) {
    return json_.fail("expected an unsigned integer");
  }
  if (value.number.unsigned_value > UINT8_MAX) return json_.fail("an integer is out of range");
  out = static_cast<uint8_t>(value.number.unsigned_value);
  return true;
}

bool QuerylogStatsReader::take_text(const JsonNode& value, JsonString& out) {
  if (value.kind != JsonKind::String) return json_.fail("expected a string");
  out = value.string;
  return true;
}

void QuerylogStatsReader::add_missing(bool final, bool sample, bool clickhouse_table, bool query_id) {
  if (!final) members_.push_back({{"final", true}, &kFalse});
  if (!sample) members_.push_back({{"sample", true}, &kNull});
  if (!clickhouse_table) members_.push_back({{"clickhouse_table", true}, &kEmptyText});
  if (!query_id) members_.push_back({{"query_id", true}, &kEmptyText});
}

std::string_view QuerylogStatsReader::write_text() {
  sort_last_wins(members_, [](const Member& member) { return member.name.view; });
  text_ = '{';
  for (const Member& member : members_) {
    if (text_.size() > 1) text_ += ',';
    append_json_string(member.name, text_);
    text_ += ':';
    append_sorted_json(*member.value, text_);
  }
  text_ += '}';
  char* const kept = json_.scratch(text_.size());
  std::memcpy(kept, text_.data(), text_.size());
  return {kept, text_.size()};
}

}  // namespace freshet::processors

#include "processors/data_sets/querylog/querylog_stats.h"

#include <cstring>

#include "processors/json/json_number.h"
#include "processors/json/json_text.h"
#include "processors/json/struct_reader.h"
#include "processors/values/sort_last_wins.h"

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

}  // namespace

bool QuerylogStatsReader::read(QuerylogStats& out) {
  members_.clear();
  StructReader fields(json_, kFields, Unknown::Tell, true);
  for (int field; (field = fields.next()) >= 0;) {
    const JsonString name = fields.key();
    Value value;
    if (!read_value(value)) return false;
    const bool extra = field == StructReader<8>::kUnknown;
    if (!extra && !take_known(field, value, out)) return false;
    // Of the known fields, only `sample` is written if it is null.
    if (extra || field == kSample || value.kind != JsonKind::Null) members_.push_back({name, value.json});
  }
  if (!fields.complete()) return false;
  add_missing(fields.has(kFinal), fields.has(kSample), fields.has(kClickhouseTable), fields.has(kQueryId));
  out.text = write_text();
  return true;
}

bool QuerylogStatsReader::take_known(int field, const Value& value, QuerylogStats& out) {
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

bool QuerylogStatsReader::take_flag(const Value& value, bool& out) {
  if (value.kind != JsonKind::Bool) return json_.fail("expected true or false");
  out = value.flag;
  return true;
}

bool QuerylogStatsReader::take_small(const Value& value, uint8_t& out) {
  if (value.kind != JsonKind::Number || value.number.kind != JsonNumber::Kind::Unsigned) {
    return json_.fail("expected an unsigned integer");
  }
  if (value.number.unsigned_value > UINT8_MAX) return json_.fail("an integer is out of range");
  out = static_cast<uint8_t>(value.number.unsigned_value);
  return true;
}

bool QuerylogStatsReader::take_text(const Value& value, JsonString& out) {
  if (value.kind != JsonKind::String) return json_.fail("expected a string");
  out = value.string;
  return true;
}

void QuerylogStatsReader::add_missing(bool final, bool sample, bool clickhouse_table, bool query_id) {
  if (!final) members_.push_back({{"final", true}, "false"});
  if (!sample) members_.push_back({{"sample", true}, "null"});
  if (!clickhouse_table) members_.push_back({{"clickhouse_table", true}, "\"\""});
  if (!query_id) members_.push_back({{"query_id", true}, "\"\""});
}

// --- values as text -------------------------------------------------------------------------------------------------

bool QuerylogStatsReader::read_value(Value& out) {
  out.kind = json_.peek();
  switch (out.kind) {
    case JsonKind::Null:
      return json_.read_null();
    case JsonKind::Bool:
      if (!json_.read_bool(out.flag)) return false;
      out.json = out.flag ? "true" : "false";
      return true;
    case JsonKind::Number:
      return read_number(out);
    case JsonKind::String:
      return read_string(out);
    default:
      return read_tree(out);
  }
}

bool QuerylogStatsReader::read_number(Value& out) {
  if (!json_.read_number(out.number)) return false;
  char* const text = json_.scratch(kNumberRoom);
  out.json = {text, static_cast<size_t>(write_number(out.number, text) - text)};
  return true;
}

bool QuerylogStatsReader::read_string(Value& out) {
  if (!json_.read_string(out.string)) return false;
  const std::string_view view = out.string.view;
  if (out.string.plain) {
    out.json = {view.data() - 1, view.size() + 2};  // including the quotes around it in the message
    return true;
  }
  text_.clear();
  append_json_string(view, text_);
  out.json = keep(text_);
  return true;
}

bool QuerylogStatsReader::read_tree(Value& out) {
  tree_.clear();
  const JsonNode* const node = tree_.read(json_);
  if (node == nullptr) return false;
  text_.clear();
  append_sorted_json(*node, text_);
  out.json = keep(text_);
  return true;
}

std::string_view QuerylogStatsReader::keep(std::string_view text) {
  char* const kept = json_.scratch(text.size());
  std::memcpy(kept, text.data(), text.size());
  return {kept, text.size()};
}

std::string_view QuerylogStatsReader::write_text() {
  sort_last_wins(members_, [](const Member& member) { return member.name.view; });
  text_ = '{';
  for (const Member& member : members_) {
    if (text_.size() > 1) text_ += ',';
    append_json_string(member.name, text_);
    text_ += ':';
    text_ += member.json;
  }
  text_ += '}';
  return keep(text_);
}

}  // namespace freshet::processors

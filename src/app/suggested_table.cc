#include "app/suggested_table.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "app/owned_message.h"
#include "app/rows_text.h"
#include "base/json.h"
#include "base/log.h"
#include "clickhouse/insert_url.h"
#include "kafka/cluster.h"

namespace freshet::app {
namespace {

using nlohmann::ordered_json;

constexpr Duration kSampleTimeout = std::chrono::seconds(10);
constexpr uint64_t kMostSampleBytes = 64 << 20;  // of the sampled messages

// The columns that the JSON processor fills from the message's metadata.
std::map<std::string, clickhouse::InferredType> types_of_metadata(const processors::JsonSettings& names) {
  std::map<std::string, clickhouse::InferredType> types;
  const auto add = [&](const std::string& column, clickhouse::InferredType type) {
    if (!column.empty()) types.emplace(column, std::move(type));
  };
  add(names.topic_column, {.name = "LowCardinality(String)"});
  add(names.partition_column, {.name = "Int32"});
  add(names.offset_column, {.name = "Int64"});
  add(names.timestamp_column, {.name = "DateTime64(3, 'UTC')", .is_time = true});
  return types;
}

clickhouse::SuggestionOptions options_of(const settings::Settings& settings, size_t became_rows, size_t messages) {
  const settings::Pipeline& p = settings.pipeline;
  clickhouse::SuggestionOptions options;
  options.table = p.clickhouse.table.empty() ? TableName{"", p.kafka.topic} : clickhouse::table_of(p.clickhouse);
  if (options.table.database.empty()) options.table.database = p.clickhouse.database;
  options.source = fmt::format("{} of {} messages of the topic {}", became_rows, messages, p.kafka.topic);
  options.replicated = settings.replicated;
  options.known = types_of_metadata(p.processors.json);
  return options;
}

// How many of the messages became rows.
size_t add_rows(const settings::Pipeline& pipeline, Processor& processor, const std::vector<OwnedMessage>& messages,
                clickhouse::TableSuggester& suggester) {
  size_t became_rows = 0;
  for (const OwnedMessage& owned : messages) {
    std::string rows;
    const Message message = view_of(owned);
    const MessageContext context{pipeline.kafka.topic, Partition{owned.partition}};
    processor.begin_chunk(context, {&message, 1});
    const ProcessResult result = processor.process(context, message, rows);
    if (result.kind != ProcessResult::Kind::Rows) continue;
    ++became_rows;
    for (const std::string_view row : split_rows(rows)) suggester.add(row);
  }
  return became_rows;
}

std::string json_of(const SuggestedTable& table) {
  const clickhouse::TableSuggestion& suggestion = table.suggestion;
  ordered_json out = {{"statement", suggestion.statement}, {"messages", table.messages}, {"rows", suggestion.rows}};
  out["columns"] = ordered_json::array();
  for (const clickhouse::SuggestedColumn& column : suggestion.columns) {
    ordered_json one = {
        {"name", column.name}, {"type", column.type.name}, {"missing", column.missing}, {"null", column.nulls}};
    if (!column.type.note.empty()) one["note"] = column.type.note;
    out["columns"].push_back(std::move(one));
  }
  return to_json_text(out) + '\n';
}

}  // namespace

Result<SuggestedTable> suggest_table_for_topic(const settings::Settings& settings, Processor& processor, Clock& clock,
                                               std::stop_token stop) {
  const settings::Pipeline& p = settings.pipeline;
  const auto messages = kafka::newest_messages(p.kafka.connection, p.kafka.topic, {settings.sample, kMostSampleBytes},
                                               clock, kSampleTimeout, std::move(stop), null_log());
  if (!messages) return tl::make_unexpected(messages.error());
  if (messages->empty()) return failure(ErrorKind::Invalid, "the topic is empty");
  clickhouse::TableSuggester suggester;
  const size_t became_rows = add_rows(p, processor, *messages, suggester);
  if (became_rows == 0) {
    return failure(ErrorKind::Invalid,
                   fmt::format("none of {} messages becomes a row; `freshet tap` says why", messages->size()));
  }
  return SuggestedTable{suggester.suggest(options_of(settings, became_rows, messages->size())), became_rows};
}

std::string to_text(const SuggestedTable& table, bool json) {
  return json ? json_of(table) : table.suggestion.statement;
}

}  // namespace freshet::app

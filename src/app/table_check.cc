#include "app/table_check.h"

#include <new>
#include <optional>
#include <utility>

#include "app/owned_message.h"
#include "app/processor_factory.h"
#include "app/rows_text.h"
#include "base/allocation_limit.h"
#include "kafka/cluster.h"
#include "model/framing.h"

namespace freshet::app {
namespace {

// Columns that the JSON processor fills in addition to the message's own fields.
std::vector<std::string> columns_of_metadata(const processors::ProcessorsSettings& settings) {
  const processors::JsonSettings& names = settings.json;
  std::vector<std::string> columns = {names.topic_column, names.partition_column, names.offset_column,
                                      names.timestamp_column, names.key_column};
  for (const auto& [header, column] : names.header_columns) columns.push_back(column);
  return columns;
}

constexpr uint64_t kMemoryOfAMessage = 16 << 20;  // in addition to three times the size of the message
constexpr uint64_t kTreeOfARow = 16;  // parsed for the comparison, a row of numbers takes over 60 times its size

// nullopt: the message needs too much memory.
std::optional<ProcessResult> process_within_limit(Processor& processor, const std::string& topic,
                                                  const OwnedMessage& message, std::string& rows) {
  const AllocationLimit limit(kMemoryOfAMessage + 3 * (message.payload ? message.payload->size() : 0));
  try {
    return processor.process({topic, Partition{message.partition}}, view_of(message), rows);
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

}  // namespace

Result<TableCheck> check_table(const settings::Pipeline& pipeline, kafka::SampleLimit sample, Clock& clock,
                               Duration timeout, std::stop_token stop, Log& log, secrets::SecretStore* secrets) {
  Metrics metrics;
  const auto factory = json_processor_factory(pipeline.processors, {&clock, &metrics}, log);
  if (!factory) return tl::make_unexpected(factory.error());
  clickhouse::ClickHouseClient client(pipeline.clickhouse, clock, secrets);
  const auto table = client.describe_table(timeout, stop);
  if (!table) return tl::make_unexpected(table.error());
  auto messages =
      kafka::newest_messages(pipeline.kafka.connection, pipeline.kafka.topic, sample, clock, timeout, stop, log);
  if (!messages) return tl::make_unexpected(messages.error());
  const auto processor = (*factory)();
  TableCheck check;
  std::vector<std::string> rows;
  uint64_t row_bytes = 0;
  for (OwnedMessage& message : *messages) {
    std::string text;
    const auto result = process_within_limit(*processor, pipeline.kafka.topic, message, text);
    if (!result) continue;
    ++check.sampled;
    if (result->kind == ProcessResult::Kind::Invalid) {
      if (check.invalid++ == 0) check.first_reason = reason_with_framing(result->text, message.payload);
      continue;
    }
    if (result->kind == ProcessResult::Kind::Skip && check.skipped++ == 0) check.first_skip = result->code;
    if (result->kind != ProcessResult::Kind::Rows) continue;
    for (const std::string_view row : split_rows(text)) {
      if (row.size() <= sample.bytes / kTreeOfARow) rows.emplace_back(row);
    }
    row_bytes += text.size();
    if (row_bytes >= sample.bytes) break;
  }
  check.findings = clickhouse::check_rows(*table, processor->layout(), rows, pipeline.clickhouse,
                                          columns_of_metadata(pipeline.processors));
  for (auto& finding : clickhouse::check_insert_settings(*table, pipeline.clickhouse)) {
    check.findings.push_back(std::move(finding));
  }
  return check;
}

}  // namespace freshet::app

#include "app/replay_check.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "app/owned_message.h"
#include "app/processor_factory.h"
#include "app/rows_text.h"
#include "base/log.h"
#include "base/message_text.h"
#include "clickhouse/row_preview.h"
#include "schemas/schema_folder.h"

namespace freshet::app {
namespace {

constexpr Duration kServerTimeout = std::chrono::seconds(10);
constexpr size_t kMostRowsAsked = 100;  // of a message

OwnedMessage message_in(const dead_letters::StoredDeadLetter& letter) {
  OwnedMessage message;
  message.partition = letter.origin.partition.value;
  message.offset = letter.origin.offset.value;
  message.timestamp_ms = letter.origin.timestamp_ms >= 0 ? letter.origin.timestamp_ms : letter.stored_at_ms;
  message.key = letter.key;
  message.payload = letter.payload;
  message.headers = letter.headers;
  return message;
}

}  // namespace

ReplayCheck::ReplayCheck(const settings::Pipeline& pipeline, Clock& clock, secrets::SecretStore* secrets,
                         std::stop_token stop)
    : pipeline_(pipeline), clock_(clock), stop_(std::move(stop)), client_(pipeline.clickhouse, clock, secrets) {}

Result<std::unique_ptr<ReplayCheck>> ReplayCheck::open(const settings::Pipeline& pipeline, Clock& clock,
                                                       secrets::SecretStore* secrets, std::stop_token stop) {
  std::unique_ptr<ReplayCheck> check(new ReplayCheck(pipeline, clock, secrets, std::move(stop)));
  if (const Status opened = check->open_parts(); !opened) return tl::make_unexpected(opened.error());
  return check;
}

Status ReplayCheck::open_parts() {
  const auto factory = json_processor_factory(pipeline_.processors, {&clock_, &metrics_}, null_log());
  if (!factory) return tl::make_unexpected(factory.error());
  processor_ = (*factory)();
  const stream::SchemaSettings& schema = pipeline_.stream.schema;
  if (schema.enforce && !schema.dir.empty()) {
    const auto validator = schemas::open_schema(schema.dir, schema.logical_topic);
    if (!validator) return tl::make_unexpected(validator.error());
    schema_ = (*validator)();
  }
  if (pipeline_.clickhouse.urls.empty() || pipeline_.clickhouse.table.empty()) return {};
  if (auto table = client_.describe_table(kServerTimeout, stop_)) {
    table_ = *std::move(table);
  } else {
    why_not_asked_ = table.error().text;
  }
  return {};
}

std::optional<std::string> ReplayCheck::refusal_of(const dead_letters::StoredDeadLetter& letter) {
  const OwnedMessage owned = message_in(letter);
  if (schema_ != nullptr && owned.payload) {
    if (const auto why = schema_->why_invalid(*owned.payload)) return with_message_texts(*why);
  }
  const Message message = view_of(owned);
  const std::string& topic = pipeline_.kafka.topic;
  const MessageContext context{topic.empty() ? letter.origin.topic : topic, letter.origin.partition};
  processor_->begin_chunk(context, {&message, 1});
  std::string rows;
  const ProcessResult result = processor_->process(context, message, rows);
  if (result.kind == ProcessResult::Kind::Invalid) return with_message_texts(result.text);
  return result.kind == ProcessResult::Kind::Rows && table_ ? table_refuses(rows) : std::nullopt;
}

std::optional<std::string> ReplayCheck::table_refuses(const std::string& rows) {
  std::vector<std::string_view> asked = split_rows(rows);
  asked.resize(std::min(asked.size(), kMostRowsAsked));
  for (const std::string_view row : asked) {
    const auto preview = clickhouse::preview_row(client_, *table_, pipeline_.clickhouse, row, kServerTimeout, stop_,
                                                 clickhouse::RefusedColumns::NotNeeded);
    if (preview.kind == clickhouse::RowPreview::Kind::Rejected) return with_message_texts(preview.text);
    if (preview.kind == clickhouse::RowPreview::Kind::Stored) continue;
    why_not_asked_ = preview.text;
    table_.reset();  // a server that does not answer would cost as long again for each message
    break;
  }
  return std::nullopt;
}

}  // namespace freshet::app

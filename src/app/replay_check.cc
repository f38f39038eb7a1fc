#include "app/replay_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "app/message_rows.h"
#include "app/owned_message.h"
#include "app/processor_factory.h"
#include "app/rows_text.h"
#include "base/log.h"
#include "base/message_text.h"
#include "clickhouse/row_preview.h"
#include "schemas/schema_folder.h"

namespace freshet::app {
namespace {

using dead_letters::LeftOut;
using dead_letters::ReplayOutcome;
using Checked = Result<std::optional<LeftOut>>;

constexpr Duration kServerTimeout = std::chrono::seconds(10);
constexpr Duration kAskAgainAfter = std::chrono::milliseconds(500);
constexpr std::string_view kUnchecked = "--check-first=false replays all messages without a check";

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

LeftOut still_invalid(const std::string& why) { return {ReplayOutcome::StillInvalid, with_message_texts(why)}; }

tl::unexpected<Error> interrupted() { return failure(ErrorKind::Stopping, "interrupted"); }

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
  const std::string& topic = pipeline_.stream.schema.logical_topic;
  if (pipeline_.stream.schema.enforce && !topic.empty()) {
    if (const Status opened = open_schema(topic); !opened) return failure(ErrorKind::Fatal, opened.error().text);
  }
  if (pipeline_.clickhouse.urls.empty() || pipeline_.clickhouse.table.empty()) return {};
  auto table = client_.describe_table(kServerTimeout, stop_);
  if (table) {
    table_ = *std::move(table);
    return {};
  }
  if (stop_.stop_requested()) return interrupted();
  return failure(ErrorKind::Retry,
                 fmt::format("nothing is replayed, because the table cannot be asked whether it would "
                             "take the messages: {}; {}",
                             table.error().text, kUnchecked));
}

// Retry: there is none for this topic.
Status ReplayCheck::open_schema(const std::string& topic) {
  const auto validator = schemas::open_schema(pipeline_.stream.schema.dir, topic);
  if (!validator) return failure(validator.error().kind, "--schema-dir: " + validator.error().text);
  schemas_[topic] = (*validator)();
  return {};
}

Checked ReplayCheck::check(const dead_letters::StoredDeadLetter& letter) {
  const OwnedMessage message = message_in(letter);
  const std::string& topic = pipeline_.kafka.topic.empty() ? letter.origin.topic : pipeline_.kafka.topic;
  if (pipeline_.stream.schema.enforce && message.payload) {
    const std::string& logical = pipeline_.stream.schema.logical_topic;
    Checked schema = ask_schema(logical.empty() ? topic : logical, *message.payload);
    if (!schema || *schema) return schema;
  }
  std::string rows;
  const ProcessResult result = rows_of_message(*processor_, topic, message, pipeline_.stream.memory_limit, rows);
  if (result.kind == ProcessResult::Kind::Invalid) return still_invalid(result.text);
  if (result.kind != ProcessResult::Kind::Rows || !table_) return std::nullopt;
  return ask_table(rows);
}

// Without --topic the messages may come from several topics, and each has a schema of its own.
Checked ReplayCheck::ask_schema(const std::string& topic, const std::string& payload) {
  if (topic.empty()) return std::nullopt;  // the record names none: the replay refuses it
  if (!schemas_.contains(topic)) {
    const Status opened = open_schema(topic);
    if (!opened && opened.error().kind == ErrorKind::Fatal) return tl::make_unexpected(opened.error());
    if (!opened) return LeftOut{ReplayOutcome::NotChecked, opened.error().text};
  }
  const auto why = schemas_.at(topic)->why_invalid(payload);
  return why ? std::optional(still_invalid(*why)) : std::nullopt;
}

Checked ReplayCheck::ask_table(const std::string& rows) {
  std::vector<std::string_view> asked = split_rows(rows);
  asked.resize(std::min(asked.size(), kMostRowsAsked));
  for (const std::string_view row : asked) {
    const auto ask = [&] {
      return clickhouse::preview_row(client_, *table_, pipeline_.clickhouse, row, kServerTimeout, stop_,
                                     clickhouse::RefusedColumns::NotNeeded);
    };
    auto preview = ask();
    if (preview.kind == clickhouse::RowPreview::Kind::Unknown) {
      if (!sleep_interruptibly(clock_, stop_, kAskAgainAfter)) return interrupted();
      preview = ask();
    }
    if (preview.kind == clickhouse::RowPreview::Kind::Unknown) return unanswered(preview.text);
    unanswered_ = 0;
    if (preview.kind == clickhouse::RowPreview::Kind::Rejected) return still_invalid(preview.text);
  }
  return std::nullopt;
}

// A server that answers about no message may be down, or may not be allowed to tell: then the replay must not go on as
// if it had been asked.
Checked ReplayCheck::unanswered(const std::string& why) {
  if (stop_.stop_requested()) return interrupted();
  if (++unanswered_ < kMostUnanswered) return LeftOut{ReplayOutcome::NotChecked, with_message_texts(why)};
  return failure(ErrorKind::Retry,
                 fmt::format("the replay stops, because the table could not be asked about {} messages in a row: {}; "
                             "repeat it later, or {}",
                             unanswered_, with_message_texts(why), kUnchecked));
}

}  // namespace freshet::app

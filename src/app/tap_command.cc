#include "app/tap_command.h"

#include <fmt/format.h>

#include "app/owned_message.h"
#include "app/processor_factory.h"
#include "app/rows_text.h"
#include "base/json.h"
#include "base/secret_mask.h"
#include "kafka/cluster.h"
#include "model/framing.h"

namespace freshet::app {
namespace {

constexpr size_t kMaxShown = 2000;

std::string shown_bytes(const std::optional<std::string>& bytes) {
  if (!bytes) return "null";
  return quoted_json(bytes->substr(0, kMaxShown)) +
         (bytes->size() > kMaxShown ? fmt::format("... ({} bytes)", bytes->size()) : "");
}

void print(const OwnedMessage& message, const ProcessResult& result, const std::string& rows, std::ostream& out) {
  out << fmt::format("partition {} offset {} timestamp {} key {}\n  value {}\n", message.partition, message.offset,
                     message.timestamp_ms, shown_bytes(message.key), shown_bytes(message.payload));
  for (const auto& [name, value] : message.headers) out << fmt::format("  header {}: {}\n", name, shown_bytes(value));
  switch (result.kind) {
    case ProcessResult::Kind::Rows:
      for (const std::string_view row : split_rows(rows)) out << fmt::format("  row {}\n", row);
      break;
    case ProcessResult::Kind::Skip:
      out << fmt::format("  skipped: {}\n", result.code);
      break;
    case ProcessResult::Kind::Invalid:
      out << fmt::format("  invalid ({}): {}\n", result.code, reason_with_framing(result.text, message.payload));
      break;
    case ProcessResult::Kind::Record:
      out << fmt::format("  replacement, key {}\n", result.key);
      break;
  }
}

}  // namespace

int tap(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out,
        std::ostream& errors) {
  const settings::Pipeline& p = settings.pipeline;
  const SecretMask secrets(settings.telemetry.secrets);
  Metrics metrics;
  const auto factory = json_processor_factory(p.processors, {&clock, &metrics}, null_log());
  if (!factory) {
    errors << "freshet: " << secrets.masked(factory.error().text) << '\n';
    return 2;
  }
  const auto messages = kafka::newest_messages(p.kafka.connection, p.kafka.topic, {settings.tap_count}, clock,
                                               std::chrono::seconds(10), stop, null_log());
  if (!messages) {
    errors << "freshet: " << secrets.masked(messages.error().text) << '\n';
    return 1;
  }
  const auto processor = (*factory)();
  for (const OwnedMessage& message : *messages) {
    std::string rows;
    const ProcessResult result =
        processor->process({p.kafka.topic, Partition{message.partition}}, view_of(message), rows);
    print(message, result, rows, out);
  }
  if (messages->empty()) out << "the topic is empty\n";
  return 0;
}

}  // namespace freshet::app

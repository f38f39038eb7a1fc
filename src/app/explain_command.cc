#include "app/explain_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "app/explanation.h"
#include "app/message_rows.h"
#include "app/owned_message.h"
#include "app/processor_factory.h"
#include "app/row_explaining.h"
#include "app/rows_text.h"
#include "base/files.h"
#include "base/log.h"
#include "base/message_text.h"
#include "base/metrics.h"
#include "base/secret_mask.h"
#include "kafka/topic_reader.h"
#include "model/framing.h"
#include "schemas/schema_folder.h"
#include "stream/message_limits.h"

namespace freshet::app {
namespace {

using Outcome = ExplainedCheck::Outcome;

constexpr Duration kKafkaTimeout = std::chrono::seconds(10);
constexpr size_t kMostBytes = 256 << 20;  // of a message; a processor refuses more anyway
constexpr size_t kMostRows = 100;         // explained of a message

Result<OwnedMessage> message_at(const settings::Settings& settings, Clock& clock, const std::stop_token& stop) {
  const kafka::KafkaSettings& k = settings.pipeline.kafka;
  const auto [partition, offset] = *settings.dead_letters.selection.at;
  auto reader =
      kafka::TopicReader::open(k.connection, k.topic, kKafkaTimeout, kafka::ReadAhead::Little, clock, null_log());
  if (!reader) return tl::make_unexpected(reader.error());
  const auto ranges = reader->ranges();
  if (!ranges) return tl::make_unexpected(ranges.error());
  const auto range = ranges->find(partition);
  const std::string place = fmt::format("{} {}:{}", k.topic, partition.value, offset.value);
  if (range == ranges->end() || offset < range->second.begin || offset >= range->second.end) {
    return failure(ErrorKind::Fatal, range == ranges->end()
                                         ? fmt::format("there is no message at {}: the partition has none", place)
                                         : fmt::format("there is no message at {}: the partition has offsets {} to {}",
                                                       place, range->second.begin.value, range->second.end.value - 1));
  }
  std::optional<OwnedMessage> found;
  const Status read = reader->read({{partition, {offset, offset.next()}}}, stop, [&](const rd_kafka_message_t& record) {
    found = kafka::copy_of(record);
    return false;
  });
  if (!read) return tl::make_unexpected(read.error());
  if (found) return *std::move(found);
  return failure(ErrorKind::Fatal,
                 fmt::format("there is no message at {}: the topic is compacted, or the offset holds a marker of a "
                             "transaction, or an aborted message",
                             place));
}

Result<std::string> all_of(std::istream& in) {
  std::string all;
  std::string piece(1 << 16, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
    all.append(piece, 0, static_cast<size_t>(in.gcount()));
    if (all.size() > kMostBytes) return failure(ErrorKind::Fatal, "standard input has more than 256 MiB");
  }
  return all;
}

Result<OwnedMessage> message_of(const settings::Settings& settings, Clock& clock, const std::stop_token& stop,
                                std::istream& in) {
  if (settings.dead_letters.selection.at) return message_at(settings, clock, stop);
  OwnedMessage message;
  message.timestamp_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.system_now().time_since_epoch()).count();
  if (settings.message_text) {
    message.payload = settings.message_text;
    return message;
  }
  const std::string& file = settings.message_file;
  auto payload = file.empty() ? all_of(in) : read_file(file, kMostBytes);
  if (!payload)
    return failure(ErrorKind::Fatal, file.empty() ? payload.error().text : file + " " + payload.error().text);
  message.payload = *std::move(payload);
  return message;
}

std::string time_of(int64_t ms) {
  if (ms < 0) return "without a timestamp";
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

std::string description_of(const settings::Settings& settings, const OwnedMessage& message) {
  const std::string size = message.payload ? fmt::format("{} bytes", message.payload->size()) : "no value (tombstone)";
  if (!settings.dead_letters.selection.at) {
    return fmt::format("{}: {}; it has no key, no headers and partition 0, offset 0",
                       settings.message_text            ? "the command line"
                       : !settings.message_file.empty() ? settings.message_file
                                                        : "standard input",
                       size);
  }
  return fmt::format("{} {}:{}: {}, {}, {}, {} header{}", settings.pipeline.kafka.topic, message.partition,
                     message.offset, size, time_of(message.timestamp_ms),
                     message.key ? fmt::format("key of {} bytes", message.key->size()) : "no key",
                     message.headers.size(), message.headers.size() == 1 ? "" : "s");
}

ExplainedCheck check_size(const OwnedMessage& message, uint64_t memory_limit) {
  const auto why = stream::too_large_to_process(message.payload ? message.payload->size() : 0, memory_limit);
  if (why) return {Outcome::Failed, "size", "the message is invalid (too_large): " + *why};
  return {Outcome::Passed, "size", "not too large to be processed"};
}

ExplainedCheck check_framing(const OwnedMessage& message) {
  if (!message.payload) return {Outcome::Skipped, "framing", "the message has no value"};
  // Python classes and data sets of protobuf may read such a message all the same: the processor decides.
  const auto note = framing_note(message.payload);
  return {note ? Outcome::Skipped : Outcome::Passed, "framing", note.value_or("none of a schema registry")};
}

Result<ExplainedCheck> check_schema(const stream::SchemaSettings& settings, const OwnedMessage& message) {
  if (settings.dir.empty()) return ExplainedCheck{Outcome::Skipped, "schema", "none is configured (--schema-dir)"};
  if (!message.payload) return ExplainedCheck{Outcome::Skipped, "schema", "the message has no value"};
  const auto schema = schemas::open_schema(settings.dir, settings.logical_topic);
  if (!schema && !settings.enforce) return ExplainedCheck{Outcome::Skipped, "schema", schema.error().text};
  if (!schema) return tl::make_unexpected(schema.error());
  const auto why = (*schema)()->why_invalid(*message.payload);
  if (!why) return ExplainedCheck{Outcome::Passed, "schema", "the message matches the schema of its topic"};
  if (settings.enforce) return ExplainedCheck{Outcome::Failed, "schema", *why};
  return ExplainedCheck{Outcome::Skipped, "schema", *why + "; without --enforce-schema this is only counted"};
}

ExplainedCheck check_of(const std::string& processor, const ProcessResult& result, const OwnedMessage& message) {
  const std::string name = "processor " + processor;
  switch (result.kind) {
    case ProcessResult::Kind::Rows:
      return {Outcome::Passed, name, fmt::format("{} row{}", result.row_count, result.row_count == 1 ? "" : "s")};
    case ProcessResult::Kind::Skip:
      return {Outcome::Failed, name, fmt::format("the message is skipped by the rule {}", result.code)};
    case ProcessResult::Kind::Invalid:
      return {Outcome::Failed, name,
              fmt::format("the message is invalid ({}): {}", result.code,
                          with_message_texts(reason_with_framing(result.text, message.payload)))};
    case ProcessResult::Kind::Record:
      return {Outcome::Failed, name, "the message goes to the topic of replacements, with key " + result.key};
  }
  return {Outcome::Failed, name, "unknown result"};
}

bool failed(const Explanation& explanation) {
  return !explanation.checks.empty() && explanation.checks.back().outcome == Outcome::Failed;
}

// Errors: a setting is not usable.
Result<Explanation> explanation_of(const settings::Settings& settings, const OwnedMessage& message, Clock& clock,
                                   const std::stop_token& stop, secrets::SecretStore* secrets) {
  const settings::Pipeline& p = settings.pipeline;
  Metrics metrics;
  const auto factory = json_processor_factory(p.processors, {&clock, &metrics}, null_log());
  if (!factory) return tl::make_unexpected(factory.error());
  Explanation explanation;
  explanation.message = description_of(settings, message);
  explanation.checks.push_back(check_size(message, p.stream.memory_limit));
  if (failed(explanation)) return explanation;
  explanation.checks.push_back(check_framing(message));
  const auto schema = check_schema(p.stream.schema, message);
  if (!schema) return tl::make_unexpected(schema.error());
  explanation.checks.push_back(*schema);
  if (failed(explanation)) return explanation;
  const auto processor = (*factory)();
  std::string text;
  const ProcessResult result = rows_of_message(*processor, p.kafka.topic, message, p.stream.memory_limit, text);
  explanation.checks.push_back(check_of(p.processors.processor, result, message));
  if (result.kind != ProcessResult::Kind::Rows) return explanation;
  explanation.row_count = result.row_count;
  std::vector<std::string_view> rows = split_rows(text);
  rows.resize(std::min(rows.size(), kMostRows));
  explain_rows(p, processor->layout(), rows, {clock, stop, secrets}, explanation);
  return explanation;
}

}  // namespace

int explain(const settings::Settings& settings, Clock& clock, std::stop_token stop, ExplainStreams to) {
  SecretMask secrets(settings.telemetry.secrets);
  const auto refuse = [&](const Error& error, int status) {
    to.errors << "freshet: " << secrets.masked(with_message_texts(error.text)) << '\n';
    return status;
  };
  const auto message = message_of(settings, clock, stop, to.in);
  if (!message) return refuse(message.error(), 1);
  secrets::PlainSecretStore store(clock, &secrets);
  const auto explanation = explanation_of(settings, *message, clock, stop, store.get());
  if (!explanation) return refuse(explanation.error(), 2);
  to.out << secrets.masked(with_message_texts(settings.json ? json_of(*explanation) : text_of(*explanation)));
  return explanation->becomes_rows() ? 0 : 1;
}

}  // namespace freshet::app

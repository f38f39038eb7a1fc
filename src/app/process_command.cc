#include "app/process_command.h"

#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/base64.h"
#include "app/owned_message.h"
#include "app/processor_factory.h"
#include "app/rows_text.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "processors/snuba_environment.h"

namespace freshet::app {
namespace {

using nlohmann::json;

std::optional<std::string> optional_bytes(const json& value, const char* what) {
  if (value.is_null()) return std::nullopt;
  auto bytes = value.is_string() ? from_base64(value.get_ref<const std::string&>()) : std::nullopt;
  if (!bytes) throw std::invalid_argument(std::string(what) + " is neither base64 nor null");
  return bytes;
}

OwnedMessage read_case(const json& input) {
  OwnedMessage message;
  message.payload = optional_bytes(input.at("message"), "message");
  message.partition = input.value("partition", 0);
  message.offset = input.value("offset", int64_t{1});
  message.timestamp_ms = input.value("timestamp_ms", int64_t{0});
  message.key = optional_bytes(input.value("key", json()), "key");
  for (const json& header : input.value("headers", json::array())) {
    message.headers.emplace_back(header.at(0).get<std::string>(), optional_bytes(header.at(1), "header value"));
  }
  return message;
}

// Prints the rows verbatim: a bare Infinity, for example, is not JSON that a parser accepts.
std::string answer(const ProcessResult& result, const RowLayout& layout, std::string_view rows) {
  switch (result.kind) {
    case ProcessResult::Kind::Rows:
      return R"({"result":"rows","rows":)" + rows_as_json_array(layout, rows) + "}";
    case ProcessResult::Kind::Skip:
      return to_json_text(json{{"result", "skip"}, {"rows", json::array()}, {"reason", result.code}});
    case ProcessResult::Kind::Invalid:
      return to_json_text(json{{"result", "invalid"}, {"reason", result.text}, {"code", result.code}});
    case ProcessResult::Kind::Record:
      return to_json_text(json{{"result", "replacement"}, {"key", result.key}, {"value", to_base64(result.text)}});
  }
  return "{}";
}

std::string error_answer(const std::string& what) { return to_json_text(json{{"error", what}}); }

}  // namespace

std::string CaseRunner::run(std::string_view line) {
  try {
    const json input = parse_json(line);
    if (!input.is_object() || !input.contains("message")) {
      throw std::invalid_argument(R"(expected a message in base64, one a line: {"message": "eyJhIjoxfQ=="})");
    }
    const OwnedMessage owned = read_case(input);
    const std::string storage = input.value("storage", std::string());
    if (!processor_ || storage != storage_) processor_ = make_(storage);
    storage_ = storage;
    const Message message = view_of(owned);
    const MessageContext context{topic_, Partition{owned.partition}};
    processor_->begin_chunk(context, {&message, 1});
    std::string rows;
    const ProcessResult result = processor_->process(context, message, rows);
    return answer(result, processor_->layout(), rows);
  } catch (const json::exception& e) {
    return error_answer(std::string("a field of the line is not as it should be: ") + e.what());
  } catch (const std::exception& e) {
    return error_answer(e.what());
  }
}

int CaseRunner::run_all(std::istream& in, std::ostream& out) {
  int status = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const std::string result = run(line);
    if (result.starts_with(R"({"error":)")) status = 1;
    out << result << '\n' << std::flush;
  }
  return status;
}

int process(const settings::Settings& settings, Clock& clock, std::istream& in, std::ostream& out,
            std::ostream& errors) {
  Metrics metrics;
  const auto refuse = [&](const char* setting, const Error& error) {
    errors << "freshet: " << setting << ": " << error.text << '\n';
    return 2;
  };
  processors::ProcessorsSettings chosen = settings.pipeline.processors;
  chosen.reference_ticks = true;
  if (!settings.processor_environment.empty()) {
    const auto file = read_file(settings.processor_environment);
    if (!file) return refuse("--environment", file.error());
    const auto read = processors::read_snuba_environment(*file);
    if (!read) return refuse("--environment", read.error());
    chosen.environment = *read;
  }
  if (const auto known = processor_factory(chosen, {&clock, &metrics}, null_log()); !known) {
    return refuse("--processor", known.error());
  }
  CaseRunner runner(
      [&](const std::string& storage) {
        auto of_storage = chosen;
        of_storage.storage = storage;
        return (*processor_factory(of_storage, {&clock, &metrics}, null_log()))();
      },
      settings.pipeline.kafka.topic);
  return runner.run_all(in, out);
}

}  // namespace freshet::app

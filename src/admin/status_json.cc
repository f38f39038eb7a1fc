#include "admin/status_json.h"

#include <concepts>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/message_text.h"

namespace freshet::admin {
namespace {

using nlohmann::ordered_json;

// Converts a struct with for_each_field() to a JSON object.
class Fields {
 public:
  explicit Fields(MessageTexts message_texts) : message_texts_(message_texts) {}

  template <typename T>
  ordered_json of(const T& described) const {
    ordered_json out = ordered_json::object();
    for_each_field(described, [&](const char* name, const auto& value) { out[name] = json(value); });
    return out;
  }

 private:
  template <typename T>
  requires std::is_arithmetic_v<T> ordered_json json(T value)
  const { return value; }
  ordered_json json(const std::string& text) const { return text_for(text, message_texts_); }
  ordered_json json(Partition partition) const { return partition.value; }
  ordered_json json(Offset offset) const { return offset.value; }
  ordered_json json(SystemTime time) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  }
  ordered_json json(Duration duration) const { return std::chrono::duration<double, std::milli>(duration).count(); }
  ordered_json json(RenewalReason reason) const { return to_string(reason); }
  ordered_json json(RenewalMode mode) const { return to_string(mode); }
  ordered_json json(RenewalResult result) const { return to_string(result); }
  template <typename T>
  ordered_json json(const std::optional<T>& value) const {
    return value ? json(*value) : ordered_json(nullptr);
  }
  template <typename T>
  ordered_json json(const std::vector<T>& values) const {
    ordered_json out = ordered_json::array();
    for (const T& one : values) out.push_back(of(one));
    return out;
  }
  ordered_json json(const RenewalReport& report) const { return of(report); }

  const MessageTexts message_texts_;
};

std::string text_of(const ordered_json& document) { return to_json_text(document, 2); }

}  // namespace

std::string text_for(const std::string& text, MessageTexts message_texts) {
  if (message_texts == MessageTexts::Shown) return with_message_texts(text);
  return without_message_texts(text, "[may quote messages: see the log, or ask with the admin token]");
}

std::string renewal_json(const RenewalReport& report) {
  return text_of(Fields(MessageTexts::Hidden).of(report)) + "\n";
}

std::string settings_json(const SettingsStatus& status) {
  const auto list = [](const std::vector<SettingStatus>& all) {
    ordered_json out = ordered_json::array();
    for (const auto& one : all) out.push_back({{"name", one.name}, {"value", one.value}, {"source", one.source}});
    return out;
  };
  const ordered_json out{{"settings", list(status.settings)}, {"options", list(status.options)}};
  return text_of(out) + "\n";
}

std::string dead_letters_json(const std::vector<DeadLetterNote>& notes, MessageTexts message_texts) {
  ordered_json list = ordered_json::array();
  for (const DeadLetterNote& one : notes) {
    list.push_back({{"at_ms", std::chrono::duration_cast<std::chrono::milliseconds>(one.at.time_since_epoch()).count()},
                    {"partition", one.partition.value},
                    {"offset", one.offset.value},
                    {"reason_code", one.reason_code},
                    {"reason", text_for(one.reason, message_texts)}});
  }
  return text_of(ordered_json{{"dead_letters", std::move(list)}}) + "\n";
}

std::string status_json(const ProcessStatus& process, MessageTexts message_texts) {
  const Fields fields(message_texts);
  ordered_json out{{"version", process.version},   {"kafka_client", process.kafka_client},
                   {"healthy", process.health.ok}, {"health_reason", text_for(process.health.reason, message_texts)},
                   {"ready", process.ready.ok},    {"ready_reason", text_for(process.ready.reason, message_texts)}};
  out.update(fields.of(process.stream));
  out["membership"] = fields.of(process.consumer);
  out["insert_ms"] = fields.of(process.times.insert_ms);
  out["latency_ms"] = fields.of(process.times.latency_ms);
  out["delivery"] = fields.of(process.delivery);
  out["insert_format"] = fields.of(process.insert_format);
  ordered_json options = ordered_json::object();
  for (const OptionStatus& option : process.options) options[option.name] = parse_ordered_json(option.value);
  out["options"] = std::move(options);
  return text_of(out);
}

}  // namespace freshet::admin

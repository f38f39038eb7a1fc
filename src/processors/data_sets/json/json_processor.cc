#include "processors/data_sets/json/json_processor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "processors/json/json_text.h"

namespace freshet::processors {
namespace {

const char* code_of(const JsonError& error) {
  if (error.utf8) return "invalid_utf8";
  return error.no_object ? "not_an_object" : "invalid_json";
}

std::string text_of(const JsonError& error) {
  return fmt::format("{} at byte {}: {}", error.utf8 ? "invalid UTF-8" : "invalid JSON", error.position, error.what);
}

std::string date_time(int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(ms)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

// In the order of append_metadata().
std::vector<std::string> metadata_columns(const JsonSettings& settings) {
  std::vector<std::string> columns;
  for (const std::string& column : {settings.topic_column, settings.partition_column, settings.offset_column,
                                    settings.timestamp_column, settings.key_column}) {
    if (!column.empty()) columns.push_back(column);
  }
  for (const auto& [header, column] : settings.header_columns) columns.push_back(column);
  return columns;
}

}  // namespace

JsonProcessor::JsonProcessor(const JsonSettings& settings, const Snapshot<TableColumns>* table,
                             std::shared_ptr<WantedColumns> wanted)
    : settings_(settings),
      metadata_columns_(metadata_columns(settings)),
      typed_(settings, metadata_columns_, table, std::move(wanted)) {}

ProcessResult JsonProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload) return ProcessResult::skip("null_payload");
  constexpr size_t kFieldsKept = 1 << 15;
  if (parts_.fields.capacity() > kFieldsKept) parts_ = JsonObjects();
  const bool needs_fields = rebuilds() || typed_.active() || !settings_.required_fields.empty();
  const JsonCheck check = syntax_.check(message, needs_fields ? &parts_ : nullptr);
  if (check.error) return ProcessResult::invalid(code_of(*check.error), text_of(*check.error));
  if (!settings_.required_fields.empty()) {
    if (ProcessResult missing = check_required(); missing.kind == ProcessResult::Kind::Invalid) return missing;
  }
  if (rebuilds()) {
    if (ProcessResult bad; !append_metadata(context, message, bad)) return bad;
  }
  return write(*message.payload, static_cast<uint32_t>(check.objects), rows);
}

ProcessResult JsonProcessor::write(std::string_view payload, uint32_t objects, std::string& rows) {
  const bool typed = typed_.active() && payload.size() <= TypedObjects::kMostBytes && write_typed();
  ProcessResult result = ProcessResult::rows(objects, !typed && !rebuilds());
  result.json_each_row = typed_.active() && !typed;
  if (typed) {
    rows.append(typed_.bytes());
  } else if (rebuilds()) {
    append_rebuilt(rows);
  } else {
    rows.append(payload);
    rows += '\n';
  }
  return result;
}

void JsonProcessor::append_rebuilt(std::string& rows) const {
  for_each_object([&](size_t, std::span<const JsonField> fields) {
    append_row(fields, rows);
    return true;
  });
}

template <typename Each>
void JsonProcessor::for_each_object(Each each) const {
  auto next = parts_.fields.begin();
  for (size_t object = 0; object < parts_.objects.size(); ++object) {
    const auto begin = next;
    while (next != parts_.fields.end() && next->object == object) ++next;
    if (!each(object, std::span<const JsonField>(begin, next))) return;
  }
}

bool JsonProcessor::write_typed() {
  typed_.begin_message();
  const std::span<const JsonText> metadata = metadata_values();
  bool exact = true;
  for_each_object([&](size_t, std::span<const JsonField> fields) { return exact = typed_.add(fields, metadata); });
  return exact;
}

std::span<const JsonText> JsonProcessor::metadata_values() {
  metadata_values_.clear();
  if (!rebuilds()) return metadata_values_;
  for (const auto& [begin, end] : metadata_ranges_) {
    const std::string_view text = std::string_view(metadata_).substr(begin, end - begin);
    metadata_values_.push_back({text, text.find('\\') == std::string_view::npos});
  }
  return metadata_values_;
}

ProcessResult JsonProcessor::check_required() const {
  ProcessResult result;
  for_each_object([&](size_t object, std::span<const JsonField> fields) {
    for (const std::string& name : settings_.required_fields) {
      // If a field occurs more than once, the last value counts.
      const auto last = std::find_if(fields.rbegin(), fields.rend(),
                                     [&](const JsonField& field) { return same_name(field.name, name); });
      if (last != fields.rend() && last->value.text != "null") continue;
      result = ProcessResult::invalid("missing_field",
                                      fmt::format("field '{}' is missing or null in object {} at byte {}", name, object,
                                                  parts_.objects[object].data() - parts_.objects[0].data()));
      return false;
    }
    return true;
  });
  return result;
}

bool JsonProcessor::append_text(const std::string& column, std::string_view text, const char* code,
                                ProcessResult& result) {
  if (!is_utf8(text)) {
    result = ProcessResult::invalid(code, fmt::format("the value for column '{}' is not UTF-8", column));
    return false;
  }
  append_json_string(text, metadata_);
  return true;
}

bool JsonProcessor::append_metadata(const MessageContext& context, const Message& message, ProcessResult& result) {
  metadata_.clear();
  metadata_ranges_.clear();
  const auto end_value = [&] {
    if (!metadata_ranges_.empty()) metadata_ranges_.back().end = metadata_.size();
  };
  const auto name = [&](const std::string& column) {
    end_value();
    if (!metadata_.empty()) metadata_ += ',';
    append_json_string(column, metadata_);
    metadata_ += ':';
    metadata_ranges_.push_back({metadata_.size(), 0});
  };
  if (!settings_.topic_column.empty()) {
    name(settings_.topic_column);
    append_json_string(context.topic, metadata_);
  }
  if (!settings_.partition_column.empty()) {
    name(settings_.partition_column);
    metadata_ += std::to_string(context.partition.value);
  }
  if (!settings_.offset_column.empty()) {
    name(settings_.offset_column);
    metadata_ += std::to_string(message.offset.value);
  }
  if (!settings_.timestamp_column.empty()) {
    name(settings_.timestamp_column);
    metadata_ += message.timestamp_ms < 0 ? "null" : fmt::format("\"{}\"", date_time(message.timestamp_ms));
  }
  if (!settings_.key_column.empty()) {
    name(settings_.key_column);
    if (!message.key) {
      metadata_ += "null";
    } else if (!append_text(settings_.key_column, *message.key, "key_not_utf8", result)) {
      return false;
    }
  }
  headers_.clear();
  if (!settings_.header_columns.empty()) message.headers(headers_);
  for (const auto& [header, column] : settings_.header_columns) {
    name(column);
    // If a header occurs more than once, the last one counts, as in Kafka's Headers.lastHeader().
    const auto found = std::find_if(headers_.rbegin(), headers_.rend(),
                                    [&, &wanted = header](const HeaderView& h) { return h.name == wanted; });
    if (found == headers_.rend() || !found->value) {
      metadata_ += "null";
    } else if (!append_text(column, *found->value, "header_not_utf8", result)) {
      return false;
    }
  }
  end_value();
  return true;
}

bool JsonProcessor::is_metadata_column(std::string_view raw_name) const {
  return std::any_of(metadata_columns_.begin(), metadata_columns_.end(),
                     [&](const std::string& column) { return same_name(raw_name, column); });
}

void JsonProcessor::append_field(const JsonField& field, bool& first, std::string& rows) const {
  std::string_view name = field.name;
  if (!settings_.fields.empty()) {
    const auto found = std::find_if(settings_.fields.begin(), settings_.fields.end(),
                                    [&](const auto& entry) { return same_name(field.name, entry.first); });
    if (found == settings_.fields.end()) return;
    if (!first) rows += ',';
    append_json_string(found->second, rows);
  } else {
    if (is_metadata_column(name)) return;
    if (!first) rows += ',';
    rows += '"';
    rows += name;
    rows += '"';
  }
  first = false;
  rows += ':';
  rows += field.value.text;
}

void JsonProcessor::append_row(std::span<const JsonField> fields, std::string& rows) const {
  rows += '{';
  bool first = true;
  for (const JsonField& field : fields) append_field(field, first, rows);
  if (!first && !metadata_.empty()) rows += ',';
  rows += metadata_;
  rows += "}\n";
}

}  // namespace freshet::processors

#include "runtime_config/values_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "runtime_config/table.h"

namespace freshet::runtime_config {
namespace {

using nlohmann::json;

// The separator between an option's name and the name of its storage or group.
std::string_view separator_of(const std::string& name) {
  const bool by_group = std::any_of(table().begin(), table().end(), [&](const LiveOption& option) {
    return option.key.size() > name.size() && option.key.starts_with(name) &&
           option.key.substr(name.size()) == "__<group>";
  });
  return by_group ? "__" : ":";
}

// No option is a list or an object, so the contents of one are not read, however deep they are nested.
std::string text_of(const json& value) {
  if (value.is_structured()) return value.is_array() ? "[...]" : "{...}";
  return value.is_string() ? value.get<std::string>() : to_json_text(value);
}

void add(RawOptions& options, const std::string& name, const json& value) {
  if (value.is_null()) return;
  if (!value.is_object()) {
    options[name] = text_of(value);
    return;
  }
  const std::string_view separator = separator_of(name);
  for (const auto& [entry, inner] : value.items()) {
    const std::string key = fmt::format("{}{}{}", name, separator, entry);
    if (!inner.is_object()) {
      if (!inner.is_null()) options[key] = text_of(inner);
      continue;
    }
    for (const auto& [field, leaf] : inner.items()) {
      if (!leaf.is_null()) options[key + "." + field] = text_of(leaf);
    }
  }
}

class ValuesFile final : public OptionSource {
 public:
  explicit ValuesFile(std::string path) : path_(std::move(path)) {}

  Result<RawOptions> read() override {
    const auto text = read_file(path_);
    std::error_code unknown;
    if (!text && !std::filesystem::exists(path_, unknown)) return RawOptions();
    if (!text) return failure(ErrorKind::Retry, fmt::format("{} {}", path_, text.error().text));
    auto options = parse_values(*text);
    if (!options) return failure(ErrorKind::Retry, fmt::format("{}: {}", path_, options.error().text));
    return options;
  }
  std::string describe() const override { return "file:" + path_; }

 private:
  const std::string path_;
};

}  // namespace

Result<RawOptions> parse_values(const std::string& text) {
  const json root = parse_json(text);
  if (root.is_discarded()) return failure(ErrorKind::Invalid, "is not JSON");
  if (!root.is_object() || !root.contains("options") || !root["options"].is_object()) {
    return failure(ErrorKind::Invalid, R"(expected {"options": {KEY: VALUE, ...}})");
  }
  RawOptions options;
  for (const auto& [name, value] : root["options"].items()) add(options, name, value);
  return options;
}

std::unique_ptr<OptionSource> open_values_file(std::string path) {
  return std::make_unique<ValuesFile>(std::move(path));
}

}  // namespace freshet::runtime_config

#include "schemas/json_schema.h"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

// valijson's headers cause warnings with our flags. Without exceptions, it would end the process on errors.
#define VALIJSON_USE_EXCEPTIONS 1
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Woverloaded-virtual"
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include "base/files.h"
#include "schemas/reference_cycles.h"

namespace freshet::schemas {
namespace {

using nlohmann::json;
using valijson::adapters::NlohmannJsonAdapter;

constexpr int kMaxDepth = 500;  // recursive schemas use the stack

// Throws std::runtime_error that names the file.
json read_json(const std::filesystem::path& file) {
  const auto text = read_file(file.string());
  if (!text) throw std::runtime_error(fmt::format("{}: {}", file.string(), text.error().text));
  try {
    bool too_deep = false;
    const auto bound = [&](int depth, json::parse_event_t, json&) {
      return !(too_deep = too_deep || depth > kMaxDepth);
    };
    json document = json::parse(*text, bound);
    if (too_deep) throw std::runtime_error(fmt::format("{}: nested deeper than {}", file.string(), kMaxDepth));
    return document;
  } catch (const json::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", file.string(), error.what()));
  }
}

class JsonSchema final : public SchemaValidator {
 public:
  explicit JsonSchema(std::shared_ptr<const valijson::Schema> schema) : schema_(std::move(schema)) {}

  std::optional<std::string> why_invalid(std::string_view payload) override {
    try {
      bool too_deep = false;
      const auto bound = [&](int depth, json::parse_event_t, json&) {
        return !(too_deep = too_deep || depth > kMaxDepth);
      };
      const json value = json::parse(payload, bound, /*allow_exceptions=*/false);
      if (too_deep) return fmt::format("the payload is nested deeper than {}", kMaxDepth);
      if (value.is_discarded()) return "the payload is not JSON";
      valijson::ValidationResults results;
      if (validator_.validate(*schema_, NlohmannJsonAdapter(value), &results)) return std::nullopt;
      return describe(results);
    } catch (const std::exception& error) {
      return error.what();
    }
  }

 private:
  // Describes the last error, which is the innermost cause.
  static std::string describe(valijson::ValidationResults& results) {
    valijson::ValidationResults::Error error;
    std::string text = "does not match its schema";
    while (results.popError(error)) {
      std::string path;
      for (const std::string& part : error.context) path += part;
      text = fmt::format("{}: {}", path, error.description);
    }
    return text;
  }

  const std::shared_ptr<const valijson::Schema> schema_;
  valijson::Validator validator_;
};

}  // namespace

Result<SchemaValidatorFactory> open_json_schema(const std::string& file) {
  try {
    const std::filesystem::path path(file);
    const json document = read_json(path);
    const auto schema = std::make_shared<valijson::Schema>();
    valijson::SchemaParser parser;
    const auto read = [&](const std::string& uri) {
      const std::string name = std::filesystem::path(uri.substr(0, uri.find('#'))).filename().string();
      return std::make_unique<json>(read_json(path.parent_path() / name));
    };
    std::vector<std::unique_ptr<const json>> others;
    const auto look_at = [&](const std::string& uri) { return others.emplace_back(read(uri)).get(); };
    if (const auto endless = find_endless_reference(document, look_at)) {
      return failure(ErrorKind::Fatal,
                     fmt::format("schema {}: {} refers to itself for the same value; remove one of the "
                                 "references",
                                 file, *endless));
    }
    const auto fetch = [&](const std::string& uri) -> const json* {
      return read(uri).release();  // the parser releases it with `free`
    };
    const auto free = [](const json* fetched) { std::unique_ptr<const json>{fetched}.reset(); };
    parser.populateSchema(NlohmannJsonAdapter(document), *schema, fetch, free);
    return SchemaValidatorFactory([schema] { return std::make_unique<JsonSchema>(schema); });
  } catch (const std::exception& error) {
    return failure(ErrorKind::Fatal, fmt::format("schema {}: {}", file, error.what()));
  }
}

}  // namespace freshet::schemas

#include "processors/snuba_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace freshet::processors {
namespace {

using nlohmann::json;

// Keys of other modules; accepted and ignored here.
constexpr std::array<std::string_view, 4> kOthers = {"sentry_dsn", "dogstatsd_socket_path", "dogstatsd_host",
                                                     "dogstatsd_port"};

template <typename T>
Status take(const std::string& key, const json& value, const char* right, T& out) {
  try {
    if constexpr (std::is_same_v<T, uint16_t>) {
      if (!value.is_number_unsigned() || value.get<uint64_t>() > UINT16_MAX) throw std::invalid_argument(right);
    }
    out = value.get<T>();
    return {};
  } catch (const std::exception&) {
    return failure(ErrorKind::Fatal, fmt::format("{}={}: use {}", key, to_json_text(value), right));
  }
}

template <typename T>
Status take_set(const std::string& key, const json& value, const char* right, std::set<T>& out) {
  const bool fits = value.is_array() && std::all_of(value.begin(), value.end(), [](const json& one) {
                      return one.is_number_unsigned() && one.get<uint64_t>() <= static_cast<T>(-1);
                    });
  if (!fits) return failure(ErrorKind::Fatal, fmt::format("{}={}: use {}", key, to_json_text(value), right));
  out.clear();
  for (const json& one : value) out.insert(one.get<T>());
  return {};
}

Status take_key(const std::string& key, const json& value, SnubaEnvironment& out) {
  constexpr const char* kDays = "days, 0 to 65535";
  if (key == "default_retention_days") return take(key, value, kDays, out.default_retention_days);
  if (key == "lower_retention_days") return take(key, value, kDays, out.lower_retention_days);
  if (key == "valid_retention_days") return take_set(key, value, "an array of days", out.valid_retention_days);
  if (key == "project_stacktrace_blacklist") {
    return take_set(key, value, "an array of project ids", out.project_stacktrace_blacklist);
  }
  if (key == "record_cogs") return take(key, value, "true or false", out.record_cogs);
  if (std::find(kOthers.begin(), kOthers.end(), key) != kOthers.end()) return {};
  return failure(ErrorKind::Fatal, fmt::format("{}: unknown key", key));
}

}  // namespace

Result<SnubaEnvironment> read_snuba_environment(std::string_view text) {
  const json document = parse_json(text);
  if (!document.is_object()) return failure(ErrorKind::Fatal, "is not a JSON object");
  SnubaEnvironment out;
  for (const auto& [key, value] : document.items()) {
    if (const Status status = take_key(key, value, out); !status) return tl::make_unexpected(status.error());
  }
  return out;
}

}  // namespace freshet::processors

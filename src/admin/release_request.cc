#include "admin/release_request.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace freshet::admin {
namespace {

using nlohmann::json;

constexpr const char* kExpected = R"(expected {"partition": N, "offset": N}: go on with partition N from offset N)";

std::optional<uint64_t> number(const json& object, const char* field, uint64_t most) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_number_unsigned() || found->get<uint64_t>() > most) return std::nullopt;
  return found->get<uint64_t>();
}

}  // namespace

Result<ReleaseRequest> parse_release_request(const std::string& body) {
  const json object = json::parse(body, nullptr, false);
  if (!object.is_object()) return failure(ErrorKind::Invalid, kExpected);
  const auto partition = number(object, "partition", std::numeric_limits<int32_t>::max());
  const auto offset = number(object, "offset", std::numeric_limits<int64_t>::max());
  if (!partition || !offset) return failure(ErrorKind::Invalid, kExpected);
  for (const auto& [field, value] : object.items()) {
    if (field == "partition" || field == "offset") continue;
    return failure(ErrorKind::Invalid, fmt::format("unknown field; {}", kExpected));
  }
  return ReleaseRequest{Partition{static_cast<int32_t>(*partition)}, Offset{static_cast<int64_t>(*offset)}};
}

}  // namespace freshet::admin

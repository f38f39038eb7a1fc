#include "admin/skip_request.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

namespace freshet::admin {
namespace {

using nlohmann::json;

constexpr const char* kExpected =
    R"(expected {"partition": N, "offset": N}: resume partition N at offset N; or, for a blocked batch, )"
    R"({"partition": N, "resolution": "stored"}: the table has its rows, or "retry": send them again)";

std::optional<uint64_t> number(const json& object, const char* field, uint64_t most) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_number_unsigned() || found->get<uint64_t>() > most) return std::nullopt;
  return found->get<uint64_t>();
}

std::optional<Resolution> resolution(const json& value) {
  if (value == "stored") return Resolution::Stored;
  if (value == "retry") return Resolution::Retry;
  return std::nullopt;
}

}  // namespace

Result<SkipOrder> parse_skip_request(const std::string& body) {
  // Duplicate fields are refused, because it would be unclear which value applies.
  std::set<std::string> fields;
  bool twice = false;
  const auto look = [&](int depth, json::parse_event_t event, const json& parsed) {
    if (event == json::parse_event_t::key && depth == 1) twice |= !fields.insert(parsed.get<std::string>()).second;
    return true;
  };
  const json object = json::parse(body, look, false);
  const auto expected = [] { return failure(ErrorKind::Invalid, kExpected); };
  if (!object.is_object() || twice) return expected();
  for (const auto& [field, value] : object.items()) {
    if (field == "partition" || field == "offset" || field == "resolution") continue;
    return failure(ErrorKind::Invalid, fmt::format("unknown field; {}", kExpected));
  }
  const auto partition = number(object, "partition", std::numeric_limits<int32_t>::max());
  const auto offset = number(object, "offset", std::numeric_limits<int64_t>::max());
  if (!partition || (object.contains("offset") && !offset)) return expected();
  SkipOrder order;
  order.partition = Partition{static_cast<int32_t>(*partition)};
  if (offset) order.next = Offset{static_cast<int64_t>(*offset)};
  if (object.contains("resolution")) {
    order.resolution = resolution(object["resolution"]);
    if (!order.resolution) return expected();
  }
  if (!order.next && !order.resolution) return expected();
  return order;
}

}  // namespace freshet::admin

// The first line is a column type, the rest are rows of two such columns, if it wants to be. What is refused as JSON is
// refused as a block, too, and what is not is JSON.
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"
#include "columns/json_rows.h"
#include "columns/native_block.h"

namespace {

void check_json(std::string text) {
  // Bytes that are not UTF-8 are the server's affair.
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) < 0; }, '?');
  if (!freshet::parse_json(text).is_object()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet::columns;
  constexpr uint64_t kMaxBytes = 1 << 20;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == std::string_view::npos || end > 1000) return 0;
  const std::string type(input.substr(0, end));
  const std::string_view rows = input.substr(end + 1);
  auto as_json = JsonRows::create({"a", "b"}, {type, type});
  auto as_block = NativeBlock::create({"a", "b"}, {type, type});
  if (as_json.has_value() != as_block.has_value()) std::abort();
  if (!as_json) return 0;
  std::string text;
  const auto count = as_json->append(rows, text, kMaxBytes);
  const auto block = as_block->encode({rows}, count.value_or(1), kMaxBytes);
  if (!count) {
    if (count.error().kind == BlockError::Kind::Malformed && block) std::abort();
    return 0;
  }
  if (!block && block.error().kind == BlockError::Kind::Malformed) std::abort();
  if (*count == 1) check_json(text);
  return 0;
}

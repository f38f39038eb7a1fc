// The JSON check must agree with simdjson's parser about a single object, and the objects and fields that it reports
// must be inside the text.
#include <simdjson.h>

#include <cstdlib>
#include <string>

#include "processors/json/json_syntax.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet::processors;
  const std::string text(reinterpret_cast<const char*>(data), size);
  JsonObjects parts;
  const JsonCheck check = JsonSyntax().check(text, &parts);
  if (check.error && check.error->position > size) std::abort();
  if (!check.error && parts.objects.size() != check.objects) std::abort();
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const auto error = parser.parse(text).get(object);
  const bool ours = !check.error && check.objects == 1;
  // simdjson also refuses numbers that it cannot represent. The two have different limits for nesting.
  const bool its_limits = error == simdjson::NUMBER_ERROR || error == simdjson::NUMBER_OUT_OF_RANGE ||
                          error == simdjson::DEPTH_ERROR || error == simdjson::STRING_ERROR;  // lone surrogates
  if (ours && error != simdjson::SUCCESS && !its_limits) std::abort();
  const bool our_limit = check.error && std::string_view(check.error->what) == "nested too deeply";
  const bool bom = text.starts_with("\xEF\xBB\xBF");
  if (!ours && error == simdjson::SUCCESS && !our_limit && !bom) std::abort();
  return 0;
}

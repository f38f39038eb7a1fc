// Arbitrary server responses: the parser must not crash, and must not treat a status other than 200 as success.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "clickhouse/error_table.h"
#include "clickhouse/response.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  http::Response response;
  response.status = size > 0 && data[0] % 2 == 0 ? 200 : 500;
  for (size_t i = 1; i < size; ++i) response.body.push_back(static_cast<char>(data[i]));
  for (const auto what : {clickhouse::AnswerTo::Insert, clickhouse::AnswerTo::Query}) {
    const auto error = clickhouse::find_error(response, what);
    if (!error && response.status != 200) std::abort();
    if (error && error->text.size() > clickhouse::kMaxErrorText + 3) std::abort();
    if (error) clickhouse::classify(*error);
  }
  clickhouse::named_setting(response.body);
  return 0;
}

// Results for invalid messages of the data sets that Snuba processes in Python. The processors' headers list the codes.
#pragma once

#include <array>
#include <string_view>

#include "ports/processor.h"
#include "processors/json/struct_reader.h"
#include "processors/python/python_json.h"

namespace freshet::processors {

ProcessResult invalid_json(const PythonJson& json);
ProcessResult missing_field(std::string_view name);
ProcessResult invalid_value(std::string_view what);

// The name of the first missing required field; empty if none is missing.
template <size_t N>
std::string_view first_missing(const std::array<const PythonValue*, N>& values, const Fields<N>& fields) {
  for (size_t i = 0; i < N; ++i) {
    if (values[i] == nullptr && (fields.required() >> i & 1) != 0) return fields.name(i);
  }
  return {};
}

}  // namespace freshet::processors

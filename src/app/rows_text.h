// Rows as text for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/rows.h"

namespace freshet::app {

// Splits JSONEachRow text into its objects, without the white space between them. The text must be valid.
std::vector<std::string_view> split_rows(std::string_view rows);

// All rows as one JSON array on one line, each row verbatim; rows of a binary format as one base64 string.
std::string rows_as_json_array(const RowLayout& layout, std::string_view rows);

}  // namespace freshet::app

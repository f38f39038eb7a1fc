// Rows as a person reads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/rows.h"

namespace freshet::app {

// Cuts JSONEachRow text into its objects, without the white space between them. Trusts the processor that wrote it.
std::vector<std::string_view> split_rows(std::string_view rows);

// All rows as one JSON array on one line, each as the text it is; rows of a binary format as one string of base64.
std::string rows_as_json_array(const RowLayout& layout, std::string_view rows);

}  // namespace freshet::app

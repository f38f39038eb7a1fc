// Values of fixed size, and strings, as JSONEachRow has them.
#pragma once

#include <string>
#include <string_view>

#include "columns/data_type.h"

namespace freshet::columns {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 stay as they are: the server stores them.
void append_json_string(std::string_view text, std::string& out);

// Appends a value of a type that has a width: `bytes` as in RowBinary, so many. A value that its type does not have,
// such as an unknown element of an Enum or a day of the year 20000, is written as the plain number that is stored,
// which servers refuse for such a type.
void append_json_scalar(const DataType& type, std::string_view bytes, std::string& out);

// Appends a value of type JSON: its text if that is an object, otherwise the text as a string, which servers refuse.
void append_json_object(std::string_view text, std::string& out);

}  // namespace freshet::columns

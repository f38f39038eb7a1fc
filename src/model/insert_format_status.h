// The part of /status about the format of inserts.
#pragma once

#include <string>
#include <type_traits>

namespace freshet {

// The format of rows that have an exact form in it, and why it is not Native.
struct InsertFormatStatus {
  std::string format;      // as ClickHouse names it; empty = rows do not go to a table
  std::string configured;  // as the values of --insert-format
  std::string reason;      // empty = the rows have the types of the table
};

template <typename Status, typename Visit>
requires std::is_same_v<std::remove_const_t<Status>, InsertFormatStatus>
void for_each_field(Status& status, Visit visit) {
  visit("format", status.format);
  visit("configured", status.configured);
  visit("reason", status.reason);
}

}  // namespace freshet

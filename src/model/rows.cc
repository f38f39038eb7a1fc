#include "model/rows.h"

namespace freshet {

std::string_view to_string(RowFormat format) {
  switch (format) {
    case RowFormat::JsonEachRow:
      return "JSONEachRow";
    case RowFormat::RowBinary:
      return "RowBinary";
    case RowFormat::Native:
      return "Native";
  }
  return "JSONEachRow";
}

}  // namespace freshet

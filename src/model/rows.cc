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

std::shared_ptr<const RowLayout> plain_layout() {
  static const auto plain = std::make_shared<const RowLayout>();
  return plain;
}

}  // namespace freshet

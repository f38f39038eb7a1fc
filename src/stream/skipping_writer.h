// The writer for --skip-write: reports rows as written and discards them.
#pragma once

#include <memory>

#include "ports/row_writer.h"

namespace freshet::stream {

class SkippingWriter final : public RowWriter {
 public:
  WriteOutcome write(const InsertRequest&, const WriteControl&) override { return {}; }
};

inline std::unique_ptr<RowWriter> make_skipping_writer() { return std::make_unique<SkippingWriter>(); }

}  // namespace freshet::stream

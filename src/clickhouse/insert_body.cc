#include "clickhouse/insert_body.h"

#include <string>
#include <utility>

namespace freshet::clickhouse {
namespace {

tl::unexpected<WriteOutcome> for_the_operator(std::string text) {
  WriteOutcome outcome{WriteOutcome::Kind::MaybeStored, 0, std::move(text), {}};
  outcome.reason =
      "freshet made rows that do not have the types of the table's columns, which is a bug; nothing was sent. Please "
      "report it. To go on, restart freshet with --insert-format json-each-row";
  return tl::make_unexpected(std::move(outcome));
}

// Smaller inserts may fit. The same rows never do, so the table has none of them.
tl::unexpected<WriteOutcome> too_large(std::string text) {
  WriteOutcome outcome{WriteOutcome::Kind::TooLarge, 0, std::move(text), {}};
  outcome.reason = "the rows take too much memory as columns";
  outcome.always_refused = true;
  return tl::make_unexpected(std::move(outcome));
}

}  // namespace

tl::expected<std::string_view, WriteOutcome> InsertBody::encode(const InsertRequest& request,
                                                                const std::shared_ptr<ByteBudget>& budget) {
  if (request.layout->format != RowFormat::Native) return encoder_.encode(request.rows);
  if (const Status known = use_layout(*request.layout); !known) return for_the_operator(known.error().text);
  const auto block = block_->encode(request.rows, request.row_count);
  const Charge charge(budget, block_->held_bytes());
  const std::string_view body = block ? encoder_.encode(*block) : std::string_view();
  block_->trim();
  if (block) return body;
  if (block.error().kind == columns::BlockError::Kind::TooLarge) return too_large(block.error().text);
  return for_the_operator(block.error().text);
}

Status InsertBody::use_layout(const RowLayout& layout) {
  if (block_ && layout_ == layout) return {};
  auto block = columns::NativeBlock::create(layout.columns, layout.types);
  if (!block) return tl::make_unexpected(block.error());
  block_ = *std::move(block);
  layout_ = layout;
  return {};
}

}  // namespace freshet::clickhouse

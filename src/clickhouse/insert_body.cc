#include "clickhouse/insert_body.h"

#include <fmt/format.h>

#include <utility>

namespace freshet::clickhouse {
namespace {

// What the rows of one insert may take in another format: it is needed beside them. An insert of more is halved. One
// that cannot be halved, or that may be stored and must be repeated as a whole, is sent whatever memory that takes.
uint64_t most_bytes(const InsertRequest& request) {
  constexpr uint64_t kMostBytes = 64 << 20;
  return request.sent_before || !request.divisible ? columns::NativeBlock::kMaxBytes : kMostBytes;
}

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
  outcome.reason = "the rows take too much memory in the format in which they are sent";
  outcome.always_refused = true;
  return tl::make_unexpected(std::move(outcome));
}

tl::unexpected<WriteOutcome> outcome_of(const columns::BlockError& error) {
  if (error.kind == columns::BlockError::Kind::TooLarge) return too_large(error.text);
  return for_the_operator(error.text);
}

const RowLayout& layout_of(const InsertRequest& request, size_t piece) {
  return request.layouts.empty() ? *request.layout : *request.layouts[piece];
}

bool is_typed(const InsertRequest& request, size_t piece) {
  return layout_of(request, piece).format == RowFormat::Native;
}

}  // namespace

tl::expected<EncodedInsert, WriteOutcome> InsertBody::encode(const InsertRequest& request, Reservation& room) {
  if (!request.layouts.empty()) return as_json(request, room);
  if (request.layout->format != RowFormat::Native) return EncodedInsert{encoder_.encode(request.rows), request.layout};
  if (const Status known = use_layout(*request.layout); !known) return for_the_operator(known.error().text);
  encoder_.begin();
  const auto block = block_->encode(request.rows, request.row_count, most_bytes(request), &encoder_);
  const Charge charge = room.charge(block_->held_bytes());
  Body body = block ? encoder_.assemble(*block) : Body();
  block_->trim();
  if (!block) return outcome_of(block.error());
  return EncodedInsert{std::move(body), request.layout};
}

tl::expected<EncodedInsert, WriteOutcome> InsertBody::as_json(const InsertRequest& request, Reservation& room) {
  std::string text;
  std::vector<std::string_view> pieces;
  const auto done = append_json(request, text, pieces);
  const Charge charge = room.charge(text.capacity());
  if (!done) return tl::make_unexpected(done.error());
  return EncodedInsert{encoder_.encode(pieces), plain_layout().get()};
}

// `text`: the rows that were typed. `pieces`: all rows.
tl::expected<void, WriteOutcome> InsertBody::append_json(const InsertRequest& request, std::string& text,
                                                         std::vector<std::string_view>& pieces) {
  std::vector<size_t> ends;  // in `text`, which moves as it grows
  uint64_t rows = 0;
  for (size_t i = 0; i < request.rows.size(); ++i) {
    if (is_typed(request, i)) {
      if (const Status known = use_layout(layout_of(request, i)); !known) return for_the_operator(known.error().text);
      const auto count = json_->append(request.rows[i], text, most_bytes(request));
      if (!count) return outcome_of(count.error());
      rows += *count;
    }
    ends.push_back(text.size());
  }
  // How many rows the others have is known only to whoever wrote them.
  if (request.layouts.empty() ? rows != request.row_count : rows > request.row_count) {
    return for_the_operator(fmt::format("{} rows instead of {}", rows, request.row_count));
  }
  size_t begin = 0;
  for (size_t i = 0; i < request.rows.size(); ++i) {
    const std::string_view typed = std::string_view(text).substr(begin, ends[i] - begin);
    pieces.push_back(is_typed(request, i) ? typed : request.rows[i]);
    begin = ends[i];
  }
  return {};
}

Status InsertBody::use_layout(const RowLayout& layout) {
  if (block_ && layout_ == layout) return {};
  auto block = columns::NativeBlock::create(layout.columns, layout.types);
  if (!block) return tl::make_unexpected(block.error());
  auto json = columns::JsonRows::create(layout.columns, layout.types);
  if (!json) return tl::make_unexpected(json.error());
  block_ = *std::move(block);
  json_ = *std::move(json);
  layout_ = layout;
  return {};
}

}  // namespace freshet::clickhouse

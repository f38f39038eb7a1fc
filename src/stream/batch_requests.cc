#include "stream/batch_requests.h"

#include <algorithm>

namespace freshet::stream {
namespace {

// All rows are as the batch's layout says.
bool of_one_layout(const SealedBatch& batch) {
  return std::none_of(batch.chunks.begin(), batch.chunks.end(), [&](const auto& chunk) {
    return chunk->json_messages > 0 || (chunk->layout != batch.layout && *chunk->layout != *batch.layout);
  });
}

// Where all rows have one layout, the insert has it, and no list.
void settle_layout(InsertRequest& request) {
  const auto& layouts = request.layouts;
  const bool one =
      std::all_of(layouts.begin(), layouts.end(), [&](const auto* layout) { return layout == layouts[0]; });
  request.layout = one && !layouts.empty() ? layouts[0] : plain_layout().get();
  if (one) request.layouts.clear();
}

}  // namespace

BatchRequests::BatchRequests(const SealedBatch& batch) : batch_(batch) {
  uint64_t rows = 0;
  for (uint32_t c = 0; c < batch.chunks.size(); ++c) {
    layouts_.push_back(one_address(batch.chunks[c]->layout.get()));
    const auto& messages = batch.chunks[c]->messages;
    for (uint32_t m = 0; m < messages.size(); ++m) {
      items_.push_back({{c, m}, rows});
      rows += messages[m].row_count;
    }
  }
}

const MessageRows& BatchRequests::message(size_t index) const {
  const auto [chunk, message] = items_[index].place;
  return batch_.chunks[chunk]->messages[message];
}

const RowLayout* BatchRequests::one_address(const RowLayout* layout) const {
  if (*layout == *plain_layout()) return plain_layout().get();
  const auto same = std::find_if(layouts_.begin(), layouts_.end(),
                                 [&](const RowLayout* one) { return one == layout || *one == *layout; });
  return same == layouts_.end() ? layout : *same;
}

const RowLayout* BatchRequests::layout_of(size_t index) const {
  return message(index).json_each_row ? plain_layout().get() : layouts_[items_[index].place.chunk];
}

uint64_t BatchRequests::rows(Piece piece) const {
  uint64_t rows = 0;
  for (size_t i = piece.begin; i < piece.end; ++i) rows += message(i).row_count;
  return rows;
}

uint64_t BatchRequests::bytes(Piece piece) const {
  uint64_t bytes = 0;
  for (size_t i = piece.begin; i < piece.end; ++i) bytes += message(i).rows_size;
  return bytes;
}

size_t BatchRequests::with_row(Piece piece, uint64_t row) const {
  const uint64_t row_of_batch = items_[piece.begin].rows_before + row;
  const auto after = std::upper_bound(items_.begin() + static_cast<ptrdiff_t>(piece.begin),
                                      items_.begin() + static_cast<ptrdiff_t>(piece.end), row_of_batch,
                                      [](uint64_t r, const Item& item) { return r < item.rows_before; });
  return static_cast<size_t>(after - items_.begin()) - 1;
}

InsertRequest BatchRequests::request(Piece piece) const {
  if (is_whole(piece) && of_one_layout(batch_)) return whole_request(batch_);
  InsertRequest request;
  for (size_t i = piece.begin; i < piece.end; ++i) append(i, request);
  settle_layout(request);
  request.divisible = piece.end - piece.begin > 1;
  return request;
}

InsertRequest BatchRequests::request(Piece piece, const std::vector<Offset>& only) const {
  InsertRequest request;
  for (size_t i = piece.begin; i < piece.end; ++i) {
    if (std::binary_search(only.begin(), only.end(), message(i).offset)) append(i, request);
  }
  settle_layout(request);
  request.divisible = piece.end - piece.begin > 1;
  return request;
}

void BatchRequests::append(size_t index, InsertRequest& request) const {
  const MessageRows& one = message(index);
  const std::string_view rows =
      std::string_view(batch_.chunks[items_[index].place.chunk]->rows).substr(one.rows_begin, one.rows_size);
  const RowLayout* const layout = layout_of(index);
  // Merge rows that are adjacent in memory and of one layout.
  if (!request.rows.empty() && request.rows.back().data() + request.rows.back().size() == rows.data() &&
      request.layouts.back() == layout) {
    request.rows.back() = {request.rows.back().data(), request.rows.back().size() + rows.size()};
  } else {
    request.layouts.push_back(layout);
    request.rows.push_back(rows);
  }
  request.row_count += one.row_count;
  request.row_bytes += rows.size();
}

InsertMessages BatchRequests::messages(Piece piece) const {
  InsertMessages out{batch_.spans.front().partition, {}};
  for (size_t i = piece.begin; i < piece.end; ++i) out.messages.push_back({message(i).offset, message(i).row_count});
  return out;
}

InsertRequest whole_request(const SealedBatch& batch) {
  if (!of_one_layout(batch)) {
    const BatchRequests requests(batch);
    return requests.request(requests.whole());
  }
  InsertRequest whole;
  whole.layout = batch.layout.get();
  whole.row_count = batch.row_count;
  whole.row_bytes = batch.row_bytes;
  size_t messages = 0;
  for (const auto& chunk : batch.chunks) {
    whole.rows.push_back(chunk->rows);
    messages += chunk->messages.size();
  }
  whole.divisible = messages > 1;
  return whole;
}

}  // namespace freshet::stream

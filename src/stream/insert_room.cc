#include "stream/insert_room.h"

#include <utility>

namespace freshet::stream {
namespace {

constexpr uint64_t kRowsPerBody = 4;     // compressed rows take about this part of their size
constexpr uint64_t kRowsPerColumns = 4;  // columns are compressed while they grow, so that much of them is held

}  // namespace

uint64_t bytes_beside(const InsertRequest& request) {
  const uint64_t body = request.row_bytes / kRowsPerBody;
  if (!request.layouts.empty()) return body + request.row_bytes;  // as text, all of it
  return request.layout->format == RowFormat::Native ? body + request.row_bytes / kRowsPerColumns : body;
}

std::optional<InsertRoom::Turn> InsertRoom::wait(uint64_t bytes, const std::stop_token& stop) {
  std::optional<Turn> turn;
  const bool begins = budget_->wait(stop, [&] {
    auto reserved = Reservation::with_room(budget_, bytes);
    if (!reserved && turns_ > 0) return false;
    ++turns_;  // one thread asks at a time, so only one begins without room
    turn.emplace(*this, reserved ? *std::move(reserved) : Reservation(budget_, bytes));
    return true;
  });
  return begins ? std::move(turn) : std::nullopt;
}

void InsertRoom::end() noexcept {
  --turns_;
  budget_->wake();
}

WriteOutcome WriterWithRoom::write(const InsertRequest& request, const WriteControl& control) {
  std::optional<InsertRoom::Turn> turn = room_.wait(bytes_beside(request), control.stop);
  if (!turn) return {WriteOutcome::Kind::Abandoned, 0, "stopped", {}};
  WriteControl with_room = control;
  with_room.room = &turn->reserved();
  with_room.on_failure = [&](const InsertFailure& failure) {
    turn->failed();
    if (control.on_failure) control.on_failure(failure);
  };
  return writer_.write(request, with_room);
}

}  // namespace freshet::stream

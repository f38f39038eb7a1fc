// Room in memory for what an insert takes beside its rows: the rows in the format in which they are sent, and their
// compressed body.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/byte_budget.h"
#include "ports/row_writer.h"

namespace freshet::stream {

// Inserts that are written at the same time share the budget. One that finds no room waits, unless no other makes room:
// an insert that has failed may be retried for ever, and the next one may well succeed. So in an outage all writers may
// begin without room, but one after the other, and those that have failed keep their bodies only, which are small parts
// of rows that the budget counts. Threads: any.
class InsertRoom {
 public:
  // An insert that is being written. It makes room when it ends. Threads: one at a time.
  class Turn {
   public:
    Turn(InsertRoom& room, Reservation reserved) : room_(&room), reserved_(std::move(reserved)) {}
    Turn(Turn&& other) noexcept : room_(std::exchange(other.room_, nullptr)), reserved_(std::move(other.reserved_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      reserved_.release();
      failed();
    }
    Reservation& reserved() { return reserved_; }
    // From now on the others do not count on it. It keeps what it has reserved.
    void failed() noexcept {
      if (room_ != nullptr) std::exchange(room_, nullptr)->end();
    }

   private:
    InsertRoom* room_;  // null: it has failed
    Reservation reserved_;
  };

  explicit InsertRoom(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}

  // Waits for room for `bytes`, and reserves it. nullopt: a stop was requested.
  std::optional<Turn> wait(uint64_t bytes, const std::stop_token& stop);

 private:
  void end() noexcept;

  const std::shared_ptr<ByteBudget> budget_;
  std::atomic<uint32_t> turns_{0};  // that have not failed
};

// What the insert takes beside its rows, about.
uint64_t bytes_beside(const InsertRequest& request);

// Waits for room for each insert before it passes it on to the writer. Between two inserts of a batch, for example
// while it waits for an operator, the batch has no turn. Threads: as for RowWriter.
class WriterWithRoom final : public RowWriter {
 public:
  // Borrows both.
  WriterWithRoom(RowWriter& writer, InsertRoom& room) : writer_(writer), room_(room) {}

  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override;
  Result<std::vector<Offset>> missing(const InsertMessages& messages, const WriteControl& control) override {
    return writer_.missing(messages, control);
  }
  void release_memory() noexcept override { writer_.release_memory(); }

 private:
  RowWriter& writer_;
  InsertRoom& room_;
};

}  // namespace freshet::stream

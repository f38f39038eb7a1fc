// Counts the bytes held for messages in flight, in any form: payloads, rows, dead-letter records, insert bodies.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/mutex.h"

namespace freshet {

// Default of --memory-limit-bytes, per process.
inline constexpr uint64_t kDefaultMemoryLimit = uint64_t{128} << 20;

// Bytes are held (Charge) or promised (Reservation): whoever will need memory soon reserves it, so that nobody else
// takes the same room meanwhile. Threads: any.
class ByteBudget {
 public:
  explicit ByteBudget(uint64_t limit) : limit_(limit) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  uint64_t limit() const { return limit_; }
  uint64_t used() const { return used_.load(); }
  // About, while others charge and reserve.
  uint64_t promised() const {
    const uint64_t held = this->held();
    return std::max(used(), held) - held;
  }
  uint64_t held() const { return held_.load(std::memory_order_relaxed); }
  // For so many more bytes. The source is paused when more than the limit is held. Messages that were already read may
  // use another eighth of it before their processing and writing waits.
  bool has_room(uint64_t bytes = 0) const { return used() + bytes <= most(); }

  // Waits until `ready()` is true, which is asked again after each charge or reservation that became smaller, and after
  // wake(). One thread asks at a time. False: a stop was requested.
  template <typename Ready>
  bool wait(std::stop_token stop, Ready&& ready) {
    MutexLock lock(mutex_);
    waiting_.fetch_add(1);
    const bool done = freed_.wait(mutex_, std::move(stop), ready);
    waiting_.fetch_sub(1);
    return done;
  }
  void wake() noexcept {
    if (waiting_.load() == 0) return;
    { MutexLock lock(mutex_); }  // not between ready() and the wait
    freed_.notify_all();
  }

 private:
  friend class Charge;
  friend class Reservation;

  uint64_t most() const { return limit_ + limit_ / 8; }
  // If there is room.
  bool take(uint64_t bytes) {
    uint64_t used = used_.load();
    do {
      if (used + bytes > most()) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes));
    return true;
  }
  void take_anyway(uint64_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void hold(uint64_t bytes) noexcept { held_.fetch_add(bytes, std::memory_order_relaxed); }
  void end_hold(uint64_t bytes) noexcept { held_.fetch_sub(bytes, std::memory_order_relaxed); }
  void give_back(uint64_t bytes) noexcept {
    used_.fetch_sub(bytes);  // before wake() looks for waiting threads, which look for room after they have said so
    wake();
  }

  const uint64_t limit_;
  std::atomic<uint64_t> used_{0};  // held and promised
  std::atomic<uint64_t> held_{0};  // a counter of its own, so that no promise ever looks like it
  std::atomic<uint32_t> waiting_{0};
  Mutex mutex_;
  CondVar freed_;
};

// Bytes that count as held while this object lives. A default-constructed charge counts nowhere. Threads: one at a
// time.
class Charge {
 public:
  Charge() = default;
  Charge(std::shared_ptr<ByteBudget> budget, uint64_t bytes) : budget_(std::move(budget)) { resize(bytes); }
  Charge(Charge&& other) noexcept : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept {
    if (this != &other) {
      resize(0);
      budget_ = std::move(other.budget_);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  ~Charge() { resize(0); }

  uint64_t bytes() const { return bytes_; }
  // Also without room.
  void resize(uint64_t bytes) noexcept {
    if (!budget_ || bytes == bytes_) return;
    if (bytes > bytes_) {
      budget_->take_anyway(bytes - bytes_);
      budget_->hold(bytes - bytes_);
    } else {
      budget_->end_hold(bytes_ - bytes);
      budget_->give_back(bytes_ - bytes);
    }
    bytes_ = bytes;
  }
  // Returns a charge of the same budget.
  Charge another(uint64_t bytes) const { return {budget_, bytes}; }
  // The same, if there is room.
  std::optional<Charge> another_with_room(uint64_t bytes) const {
    if (budget_ && !budget_->take(bytes)) return std::nullopt;
    if (budget_) budget_->hold(bytes);
    return Charge(Taken(), budget_, bytes);
  }
  bool has_room(uint64_t bytes = 0) const { return !budget_ || budget_->has_room(bytes); }
  uint64_t limit() const { return budget_ ? budget_->limit() : UINT64_MAX; }

 private:
  friend class Reservation;
  struct Taken {};
  Charge(Taken, std::shared_ptr<ByteBudget> budget, uint64_t bytes) : budget_(std::move(budget)), bytes_(bytes) {}

  std::shared_ptr<ByteBudget> budget_;
  uint64_t bytes_ = 0;
};

// Bytes that are promised while this object lives: for memory that its owner is about to take. A default-constructed
// one promises nothing. Threads: one at a time.
class Reservation {
 public:
  Reservation() = default;
  // Also without room.
  Reservation(std::shared_ptr<ByteBudget> budget, uint64_t bytes) : budget_(std::move(budget)), bytes_(bytes) {
    if (budget_) budget_->take_anyway(bytes);
  }
  Reservation(Reservation&& other) noexcept
      : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    if (this != &other) {
      release();
      budget_ = std::move(other.budget_);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  ~Reservation() { release(); }

  static std::optional<Reservation> with_room(const std::shared_ptr<ByteBudget>& budget, uint64_t bytes) {
    if (budget && !budget->take(bytes)) return std::nullopt;
    Reservation reserved;
    reserved.budget_ = budget;
    reserved.bytes_ = bytes;
    return reserved;
  }

  uint64_t bytes() const { return bytes_; }
  // A charge for memory that is held from now on. It takes what is left of the reservation, and then further room,
  // whether there is any or not.
  Charge charge(uint64_t bytes) {
    const uint64_t promised = std::min(bytes, bytes_);
    bytes_ -= promised;
    if (budget_) budget_->hold(promised);
    Charge charge(Charge::Taken(), budget_, promised);
    charge.resize(bytes);
    return charge;
  }
  void release() noexcept {
    const uint64_t left = std::exchange(bytes_, 0);
    if (budget_ && left > 0) budget_->give_back(left);
  }

 private:
  std::shared_ptr<ByteBudget> budget_;
  uint64_t bytes_ = 0;
};

}  // namespace freshet

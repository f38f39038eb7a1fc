// Counts the bytes held for messages in flight, in any form: payloads, rows, dead-letter records, insert bodies.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace freshet {

// Default of --memory-limit-bytes, per process.
inline constexpr uint64_t kDefaultMemoryLimit = uint64_t{256} << 20;

// Threads: any.
class ByteBudget {
 public:
  explicit ByteBudget(uint64_t limit) : limit_(limit) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  uint64_t limit() const { return limit_; }
  uint64_t held() const { return held_.load(std::memory_order_relaxed); }
  // The source is paused above the limit. Messages that were already read may use another eighth of it before their
  // processing and writing waits.
  bool has_room() const { return held() <= limit_ + limit_ / 8; }

 private:
  friend class Charge;
  const uint64_t limit_;
  std::atomic<uint64_t> held_{0};
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
  void resize(uint64_t bytes) noexcept {
    if (!budget_ || bytes == bytes_) return;
    if (bytes > bytes_) {
      budget_->held_.fetch_add(bytes - bytes_, std::memory_order_relaxed);
    } else {
      budget_->held_.fetch_sub(bytes_ - bytes, std::memory_order_relaxed);
    }
    bytes_ = bytes;
  }
  // Returns a charge of the same budget.
  Charge another(uint64_t bytes) const { return {budget_, bytes}; }
  bool has_room() const { return !budget_ || budget_->has_room(); }

 private:
  std::shared_ptr<ByteBudget> budget_;
  uint64_t bytes_ = 0;
};

}  // namespace freshet

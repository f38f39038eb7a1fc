// A list that keeps its memory, and that of its elements.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace freshet::processors {

// Scratch memory in a row that is read again and again (List), made when it is first used: assignment keeps it.
// Threads: one.
template <typename T>
class Kept {
 public:
  Kept() = default;
  Kept(Kept&&) noexcept = default;
  Kept& operator=(Kept&&) noexcept { return *this; }

  T& get() {
    if (!kept_) kept_ = std::make_unique<T>();
    return *kept_;
  }
  // Null if it was never used.
  const T* operator->() const { return kept_.get(); }

 private:
  std::unique_ptr<T> kept_;
};

// For lists of a message that is read again and again: assigning an empty row empties every list in it and frees
// nothing. Threads: one.
template <typename T>
class List {
 public:
  List() = default;
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  List(List&& other) noexcept : elements_(std::move(other.elements_)), size_(std::exchange(other.size_, 0)) {}
  // Takes the elements; an empty list keeps its memory.
  List& operator=(List&& other) noexcept {
    if (other.size_ > 0) elements_ = std::move(other.elements_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  void clear() { size_ = 0; }
  // Appends an element with the values of T{}.
  T& add() {
    if (size_ == elements_.size()) {
      elements_.emplace_back();
    } else if constexpr (std::is_trivially_destructible_v<T>) {
      std::construct_at(&elements_[size_]);  // in place, without a copy
    } else {
      elements_[size_] = std::move(empty_.get());
    }
    return elements_[size_++];
  }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.begin() + static_cast<std::ptrdiff_t>(size_); }
  const T& operator[](size_t index) const { return elements_[index]; }
  auto begin() { return elements_.begin(); }
  auto end() { return elements_.begin() + static_cast<std::ptrdiff_t>(size_); }
  // Leaves the first `size` elements, of at least as many.
  void truncate(size_t size) { size_ = size; }

 private:
  std::vector<T> elements_;
  size_t size_ = 0;  // elements after it are kept for their memory
  // Always T{}. Assigning a new T{} would wait until what was just written to it can be read.
  Kept<T> empty_;
};

}  // namespace freshet::processors

// The name of a column, prepared for writing.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace freshet::processors {

// Declared as a constant. Names are shorter than 60 characters and need no escaping.
class Column {
 public:
  static constexpr size_t kRoom = 64;

  consteval explicit Column(std::string_view name) {
    text_[size_++] = '"';
    for (const char c : name) text_[size_++] = c;
    text_[size_++] = '"';
    text_[size_++] = ':';
  }

  const char* text() const { return text_.data(); }  // `"name":`, kRoom bytes are readable
  size_t size() const { return size_; }
  std::string_view name() const { return {text_.data() + 1, size_ - 3}; }

 private:
  std::array<char, kRoom> text_{};
  size_t size_ = 0;
};

}  // namespace freshet::processors

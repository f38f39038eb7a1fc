// Columns and steps of columns that several data sets have.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "processors/description/description.h"
#include "processors/values/conversions.h"

namespace freshet::processors {

// The days that a row is kept: one of the valid retentions.
inline uint16_t clamped_retention(const std::optional<uint16_t>& days, const RowContext& context) {
  return clamp_retention(days, context.environment);
}

namespace description {

// A text as a template argument. It needs no escaping.
template <size_t N>
struct FixedText {
  std::array<char, N> text{};
  consteval FixedText(const char (&from)[N]) { std::copy_n(from, N, text.begin()); }  // NOLINT: implicit
};

template <FixedText kText>
struct TextStep {
  constexpr JsonString operator()(const RowContext&) const {
    return {{kText.text.data(), kText.text.size() - 1}, true};
  }
};

}  // namespace description

// A column that has the same text in each row: column<constant_text<"">>("dist").
template <description::FixedText kText>
inline constexpr description::TextStep<kText> constant_text{};

}  // namespace freshet::processors

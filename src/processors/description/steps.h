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

template <auto kValue>
struct ConstantStep {
  constexpr auto operator()(const RowContext&) const { return kValue; }
};
template <FixedText kText>
struct TextStep {
  constexpr JsonString operator()(const RowContext&) const {
    return {{kText.text.data(), kText.text.size() - 1}, true};
  }
};

}  // namespace description

// A column with the same value in every row: constant<uint8_t{0}>("depth"), constant<"">("dist").
template <auto kValue>
consteval auto constant(std::string_view name) {
  return description::ColumnEntry<description::ConstantStep<kValue>{}>{Column(name)};
}
template <description::FixedText kText>
consteval auto constant(std::string_view name) {
  return description::ColumnEntry<description::TextStep<kText>{}>{Column(name)};
}

}  // namespace freshet::processors

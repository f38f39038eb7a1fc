#include "clickhouse/type_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

namespace freshet::clickhouse {
namespace {

constexpr size_t kMostDepth = 5;        // of arrays; deeper ones are stored as text
constexpr uint64_t kRepeatsOfFew = 10;  // each of a few distinct values occurs so often on average
constexpr std::string_view kLargestInt64 = "9223372036854775807";
constexpr std::string_view kSmallestInt64 = "9223372036854775808";
constexpr std::string_view kLargestUInt64 = "18446744073709551615";
constexpr size_t kDigitsOf256Bits = 76;  // every number of so many digits fits Int256 and UInt256

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Compares numbers without leading zeros.
bool is_greater(std::string_view one, std::string_view other) {
  return one.size() != other.size() ? one.size() > other.size() : one > other;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

// Takes a number of `digits` digits from the front.
std::optional<int> take_number(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// YYYY-MM-DD, a day that exists and that Date32 and DateTime64(9) hold.
bool take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return false;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return false;
  const auto day = take_number(text, 2);
  if (!day || *year <= 1900 || *year > 2261) return false;
  return std::chrono::year_month_day(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                     std::chrono::day(static_cast<unsigned>(*day)))
      .ok();
}

// hh:mm, not beyond 23:59.
bool take_minutes(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return false;
  const auto minute = take_number(text, 2);
  return minute && *minute <= 59;
}

// The digits of the fraction of a second of a time of RFC 3339; nullopt: it is no such time.
std::optional<size_t> fraction_of_time(std::string_view text) {
  if (!take_date(text) || !take(text, "T ") || !take_minutes(text) || !take(text, ":")) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 59) return std::nullopt;
  size_t fraction = 0;
  if (take(text, ".")) {
    while (fraction < text.size() && is_digit(text[fraction])) ++fraction;
    if (fraction == 0) return std::nullopt;
    text.remove_prefix(fraction);
  }
  if (take(text, "Z")) return text.empty() ? std::optional(fraction) : std::nullopt;
  if (!take(text, "+-") || !take_minutes(text)) return std::nullopt;
  return text.empty() ? std::optional(fraction) : std::nullopt;
}

}  // namespace

void TypeInference::add(const JsonValue& value, size_t depth) {
  ++values_;
  switch (value.kind) {
    case JsonValue::Kind::Null:
      ++nulls_;
      break;
    case JsonValue::Kind::Bool:
      ++booleans_;
      break;
    case JsonValue::Kind::Number:
      add_number(value.text);
      break;
    case JsonValue::Kind::String:
      add_text(value.text);
      break;
    case JsonValue::Kind::Object:
      ++objects_;
      break;
    case JsonValue::Kind::Array:
      ++arrays_;
      if (depth >= kMostDepth) {
        too_deep_ = true;
        break;
      }
      if (elements_ == nullptr) elements_ = std::make_unique<TypeInference>();
      for (const JsonValue& element : value.elements) elements_->add(element, depth + 1);
      break;
  }
}

void TypeInference::add_number(const std::string& literal) {
  const bool negative = literal.starts_with('-');
  const std::string digits = literal.substr(negative ? 1 : 0);
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) {
    ++fractions_;
    return;
  }
  ++integers_;
  std::string& longest = negative ? longest_negative_ : longest_positive_;
  if (is_greater(digits, longest)) longest = digits;
}

void TypeInference::add_text(const std::string& text) {
  ++texts_;
  if (is_uuid(text)) ++uuids_;
  std::string_view rest = text;
  if (take_date(rest) && rest.empty()) ++dates_;
  if (const auto fraction = fraction_of_time(text)) {
    ++times_;
    fraction_digits_ = std::max(fraction_digits_, *fraction);
  }
  if (many_distinct_) return;
  if (text.size() <= kLongestDistinct) distinct_.insert(text);
  if (text.size() <= kLongestDistinct && distinct_.size() <= kMostDistinct) return;
  many_distinct_ = true;
  distinct_.clear();
}

std::string TypeInference::number_type() const {
  if (fractions_ > 0) return "Float64";
  const size_t digits = std::max(longest_positive_.size(), longest_negative_.size());
  if (digits > kDigitsOf256Bits) return "String";
  const bool fits = !is_greater(longest_positive_, kLargestInt64) && !is_greater(longest_negative_, kSmallestInt64);
  if (fits) return "Int64";  // also if none is negative: the next one may be
  if (!longest_negative_.empty()) return "Int256";
  return is_greater(longest_positive_, kLargestUInt64) ? "UInt256" : "UInt64";
}

InferredType TypeInference::text_type() const {
  InferredType type;
  if (uuids_ == texts_) {
    type.name = "UUID";
  } else if (dates_ == texts_) {
    type.name = "Date32";
  } else if (times_ == texts_ && fraction_digits_ <= 9) {
    const int precision = fraction_digits_ <= 3 ? 3 : fraction_digits_ <= 6 ? 6 : 9;
    type.name = fmt::format("DateTime64({}, 'UTC')", precision);
    type.is_time = true;
  } else {
    type.name = "String";
    type.low_cardinality = !many_distinct_ && texts_ >= kRepeatsOfFew * distinct_.size();
  }
  return type;
}

// Without regard to null.
InferredType TypeInference::plain_type() const {
  const uint64_t numbers = integers_ + fractions_;
  const uint64_t present = values_ - nulls_;
  if (present == 0) return {.name = "String", .note = "no value was seen"};
  if (booleans_ == present) return {.name = "Bool"};
  if (numbers == present) return {.name = number_type()};
  if (texts_ == present) return text_type();
  if (objects_ == present) return {.name = "String", .note = "objects, stored as their JSON text"};
  if (arrays_ == present && !too_deep_) {
    const InferredType element = elements_->finished(false, false);
    return {.name = "Array(" + element.name + ")", .note = element.note};
  }
  if (arrays_ == present) return {.name = "String", .note = "arrays too deep for a type, stored as their JSON text"};
  return {.name = "String", .note = "values of several kinds, stored as text"};
}

InferredType TypeInference::type(bool absent) const { return finished(absent, true); }

InferredType TypeInference::finished(bool absent, bool may_have_few_values) const {
  InferredType type = plain_type();
  type.low_cardinality = type.low_cardinality && may_have_few_values;
  type.nullable = (absent || nulls_ > 0) && !type.name.starts_with("Array(");
  if (type.nullable) type.name = "Nullable(" + type.name + ")";
  if (type.low_cardinality) type.name = "LowCardinality(" + type.name + ")";
  return type;
}

}  // namespace freshet::clickhouse

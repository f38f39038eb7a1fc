#include "processors/formats/json_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>

#include "processors/json/json_digits.h"
#include "processors/values/date_time.h"
#include "processors/values/ip_address.h"
#include "processors/values/uuid.h"

namespace freshet::processors {
namespace {

using columns::DataType;
using Kind = columns::TypeKind;

// Longer numbers have more digits than the types keep, or zeros that nobody writes.
constexpr size_t kLongestNumber = 25;
constexpr size_t kMostFloatDigits = 17;  // before the point, and after it
constexpr int kMostDecimalDigits = 18;   // fit an Int64

constexpr int64_t kSecondsOfADay = 86'400;
constexpr int64_t first_day_of(int year) {
  using namespace std::chrono;
  return sys_days(std::chrono::year(year) / January / 1).time_since_epoch().count();
}
// Later days are beyond the types, or in their last year.
constexpr int64_t kEndOfDate = first_day_of(2149);
constexpr int64_t kEndOfDate32 = first_day_of(2299);
constexpr int64_t kEndOfDateTime = first_day_of(2106);
constexpr int64_t kEndOfDateTime64 = first_day_of(2262);  // of nine digits

bool is_signed_integer(Kind kind) { return kind >= Kind::Int8 && kind <= Kind::Int256; }
bool is_unsigned_integer(Kind kind) { return kind >= Kind::UInt8 && kind <= Kind::UInt256; }
bool is_integer(Kind kind) { return is_signed_integer(kind) || is_unsigned_integer(kind); }

// A number without an exponent.
struct PlainNumber {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
};
std::optional<PlainNumber> plain_number(std::string_view text) {
  PlainNumber number;
  number.negative = text.starts_with('-');
  if (number.negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  number.whole = text.substr(0, point);
  number.fraction = text.substr(std::min(point + 1, text.size()));
  if (!std::all_of(number.whole.begin(), number.whole.end(), is_digit)) return std::nullopt;
  if (!std::all_of(number.fraction.begin(), number.fraction.end(), is_digit)) return std::nullopt;
  return number;
}

// At most 19 digits.
uint64_t integer_of(std::string_view digits, uint64_t value = 0) {
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

// True if `text` has digits where `shape` has 0, and otherwise the same bytes.
bool has_shape(std::string_view text, std::string_view shape) {
  return std::equal(text.begin(), text.end(), shape.begin(), shape.end(),
                    [](char c, char wanted) { return wanted == '0' ? is_digit(c) : c == wanted; });
}

// `2026-01-02`; nullopt: not such text, or no such day since 1970.
std::optional<int64_t> days_of(std::string_view text) {
  constexpr std::string_view kMidnight = "T00:00:00Z";
  if (!has_shape(text, "0000-00-00")) return std::nullopt;
  std::array<char, 20> whole;
  std::memcpy(whole.data(), text.data(), 10);
  std::memcpy(&whole[10], kMidnight.data(), 10);
  const auto instant = parse_date_time({whole.data(), whole.size()});
  if (!instant || instant->seconds < 0) return std::nullopt;
  return instant->seconds / kSecondsOfADay;
}

// `2026-01-02 03:04:05`, with 'T' instead of the space, with a fraction of up to nine digits, with 'Z' at the end.
struct ReadTime {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  int digits = 0;    // of the fraction
  bool iso = false;  // has a 'T' or a 'Z'
  bool zone = false;
};
std::optional<ReadTime> read_time(std::string_view text) {
  constexpr size_t kPlain = 19;
  constexpr size_t kLongest = kPlain + 1 + 9 + 1;
  if (text.size() < kPlain || text.size() > kLongest || (text[10] != ' ' && text[10] != 'T')) return std::nullopt;
  if (!has_shape(text.substr(0, 10), "0000-00-00") || !has_shape(text.substr(11, 8), "00:00:00")) return std::nullopt;
  ReadTime time;
  time.zone = text.back() == 'Z';
  time.iso = time.zone || text[10] == 'T';
  std::array<char, kLongest + 1> whole;
  std::memcpy(whole.data(), text.data(), text.size());
  whole[10] = 'T';
  size_t size = text.size();
  if (!time.zone) whole[size++] = 'Z';
  if (size > kPlain + 1) time.digits = static_cast<int>(size) - static_cast<int>(kPlain) - 2;
  const auto instant = parse_date_time({whole.data(), size});
  constexpr int64_t kSecond = 1'000'000'000;  // beyond: a leap second
  if (!instant || instant->seconds < 0 || instant->nanoseconds >= kSecond) return std::nullopt;
  time.seconds = instant->seconds;
  time.nanoseconds = instant->nanoseconds;
  return time;
}

}  // namespace

bool is_utc(std::string_view zone) { return zone == "UTC" || zone == "Etc/UTC"; }

bool JsonValueWriter::writes(const DataType& type) {
  switch (type.kind) {
    case Kind::BFloat16:
    case Kind::Time:
    case Kind::Time64:
    case Kind::Enum8:  // if ALTER TABLE renumbers it, the server stores another element, or a number without one
    case Kind::Enum16:
    case Kind::Json:
    case Kind::Tuple:
      return false;
    case Kind::Array:
      return writes(type.children[0]);
    case Kind::Map:
      return type.children[0].kind == Kind::String && !type.children[0].nullable && writes(type.children[1]);
    default:
      return true;
  }
}

bool JsonValueWriter::write(const Type& type, JsonText value) {
  if (type.nullable) out_.fixed(uint8_t{0});
  return write_value(type, value);
}

// It unescapes such text too, and there may be half of a surrogate pair.
bool JsonValueWriter::can_be_skipped(JsonText value) {
  if (value.plain) return true;
  escaped_.open(value.text);
  return escaped_.check();
}

bool JsonValueWriter::write_value(const Type& type, JsonText value) {
  switch (value.text.front()) {
    case '"':
      return write_string(type, value);
    case 't':
      return write_bool(type, true);
    case 'f':
      return write_bool(type, false);
    case '[':
    case '{':
      return write_elements(type, value);
    case 'n':
      return false;
    default:
      return write_number(type, value.text);
  }
}

bool JsonValueWriter::write_bool(const Type& type, bool value) {
  if (type.kind != Kind::Bool) return false;
  out_.fixed(static_cast<uint8_t>(value));
  return true;
}

// --- Numbers --------------------------------------------------------------------------------------------------------

bool JsonValueWriter::write_number(const Type& type, std::string_view number) {
  if (number.size() > kLongestNumber) return false;
  if (type.kind == Kind::Decimal) return write_decimal(type, number);
  if (type.kind == Kind::Float64 || type.kind == Kind::Float32) return write_float(type, number);
  const bool negative = number.starts_with('-');
  uint64_t size = 0;
  const char* const end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data() + (negative ? 1 : 0), end, size);
  if (error != std::errc() || stop != end || (negative && size == 0)) return false;
  return write_digits(type, negative, size);
}

// An integer: its sign and its size.
bool JsonValueWriter::write_digits(const Type& type, bool negative, uint64_t size) {
  if (is_integer(type.kind)) {
    const bool is_signed = is_signed_integer(type.kind);
    if (negative && !is_signed) return false;
    if (type.width <= 8) {
      const uint64_t most = UINT64_MAX >> (64 - 8 * type.width + (is_signed ? 1 : 0));
      if (size > most + (negative ? 1 : 0)) return false;
    }
    write_integer(type.width, negative, size);
    return true;
  }
  switch (type.kind) {
    case Kind::Bool:
      if (negative || size > 1) return false;
      out_.fixed(static_cast<uint8_t>(size));
      return true;
    case Kind::DateTime:  // a number without quotes is seconds
      if (negative || size > UINT32_MAX) return false;
      out_.fixed(static_cast<uint32_t>(size));
      return true;
    default:
      return false;
  }
}

// The nearest value (docs/insert-formats.md). The server's is another one more often if there is an exponent.
bool JsonValueWriter::write_float(const Type& type, std::string_view text) {
  const auto number = plain_number(text);
  if (!number || number->whole.size() > kMostFloatDigits || number->fraction.size() > kMostFloatDigits) return false;
  const auto nearest = [&](auto value) {
    std::from_chars(text.data(), text.data() + text.size(), value);
    out_.fixed(value);
  };
  type.kind == Kind::Float64 ? nearest(double{}) : nearest(float{});
  return true;
}

bool JsonValueWriter::write_decimal(const Type& type, std::string_view text) {
  const auto number = plain_number(text);
  if (!number || number->fraction.size() > type.scale) return false;
  const int whole_digits = number->whole == "0" ? 0 : static_cast<int>(number->whole.size());
  if (whole_digits + type.scale > std::min<int>(type.precision, kMostDecimalDigits)) return false;
  const uint64_t size =
      integer_of(number->fraction, integer_of(number->whole)) * kPowersOfTen[type.scale - number->fraction.size()];
  write_integer(type.width, number->negative, size);
  return true;
}

// In two's complement.
void JsonValueWriter::write_integer(uint32_t width, bool negative, uint64_t size) {
  const uint64_t bits = negative ? ~size + 1 : size;
  const uint64_t above = negative && size != 0 ? UINT64_MAX : 0;
  out_.raw({reinterpret_cast<const char*>(&bits), std::min<size_t>(width, sizeof bits)});
  for (uint32_t written = sizeof bits; written < width; written += sizeof bits) out_.fixed(above);
}

// Integers that are text because JavaScript's numbers have 53 bits.
bool JsonValueWriter::write_quoted_number(const Type& type, std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  constexpr size_t kMostDigits = 19;
  if (digits.empty() || digits.size() > kMostDigits || (digits.front() == '0' && text.size() > 1)) return false;
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  return write_number(type, text);
}

// --- Strings --------------------------------------------------------------------------------------------------------

bool JsonValueWriter::write_string(const Type& type, JsonText value) {
  std::string_view text = value.text.substr(1, value.text.size() - 2);
  if (value.plain || text.find('\\') == std::string_view::npos) return write_text(type, text);
  // The server does not unescape text for other types, and rejects it.
  if (type.kind != Kind::String && type.kind != Kind::FixedString) return false;
  escaped_.open(value.text);
  JsonString unescaped;
  // Not of a lone surrogate, which is no text.
  if (!escaped_.read_string(unescaped)) return false;
  return write_text(type, unescaped.view);
}

bool JsonValueWriter::write_text(const Type& type, std::string_view text) {
  switch (type.kind) {
    case Kind::String:
      out_.string(text);
      return true;
    case Kind::FixedString:
      if (text.size() != type.width) return false;
      out_.raw(text);
      return true;
    case Kind::Date:
    case Kind::Date32:
      return write_day(type, text);
    case Kind::DateTime:
    case Kind::DateTime64:
      return write_time(type, text);
    case Kind::IPv4:
    case Kind::IPv6:
      return write_address(type, text);
    case Kind::Uuid: {
      const auto uuid = text.size() == Uuid::kTextSize ? Uuid::parse(text) : std::nullopt;
      if (uuid) out_.uuid(uuid->bytes);
      return uuid.has_value();
    }
    default:
      return is_integer(type.kind) && write_quoted_number(type, text);
  }
}

bool JsonValueWriter::write_day(const Type& type, std::string_view text) {
  const auto days = days_of(text);
  if (!days || *days >= (type.kind == Kind::Date ? kEndOfDate : kEndOfDate32)) return false;
  type.kind == Kind::Date ? out_.fixed(static_cast<uint16_t>(*days)) : out_.fixed(static_cast<int32_t>(*days));
  return true;
}

bool JsonValueWriter::write_time(const Type& type, std::string_view text) {
  const auto time = read_time(text);
  if (!time || (time->iso && !times_.best_effort)) return false;
  if (!time->zone && !(type.time_zone.empty() ? times_.server_is_utc : is_utc(type.time_zone))) return false;
  const int64_t days = time->seconds / kSecondsOfADay;
  if (type.kind == Kind::DateTime) {
    if (days >= kEndOfDateTime || (time->digits > 0 && !times_.best_effort)) return false;
    out_.fixed(static_cast<uint32_t>(time->seconds));
    return true;
  }
  if (days >= kEndOfDateTime64 || time->digits > type.scale) return false;
  const auto in_a_second = static_cast<int64_t>(kPowersOfTen[type.scale]);
  out_.fixed(time->seconds * in_a_second + time->nanoseconds / (1'000'000'000 / in_a_second));
  return true;
}

bool JsonValueWriter::write_address(const Type& type, std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address || address->v6 != (type.kind == Kind::IPv6)) return false;
  if (address->v6) {
    out_.raw({reinterpret_cast<const char*>(address->bytes.data()), address->bytes.size()});
    return true;
  }
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | address->bytes[i];
  out_.fixed(number);
  return true;
}

// --- Arrays and maps ------------------------------------------------------------------------------------------------

bool JsonValueWriter::write_elements(const Type& type, JsonText value) {
  if (type.kind != Kind::Array && type.kind != Kind::Map) return false;
  elements_.open(value.text);
  return type.kind == Kind::Array ? write_array(type.children[0]) : write_map(type.children[1]);
}

bool JsonValueWriter::write_next(const Type& type) {
  const JsonKind kind = elements_.peek();
  if (kind == JsonKind::Null) {
    if (type.nullable) out_.fixed(uint8_t{1});
    return type.nullable && elements_.read_null();
  }
  if (type.kind == Kind::Array) return kind == JsonKind::Array && write_array(type.children[0]);
  if (type.kind == Kind::Map) return kind == JsonKind::Object && write_map(type.children[1]);
  std::string_view text;
  return elements_.skip(text) && write(type, {text, false});
}

// The number of elements is before them, so they are passed twice.
bool JsonValueWriter::write_array(const Type& element) {
  if (!elements_.enter_array()) return false;
  const JsonReader::Mark begin = elements_.mark();
  uint64_t count = 0;
  for (; elements_.next_element(); ++count) elements_.skip();
  if (elements_.failed()) return false;
  elements_.rewind(begin);
  out_.count(count);
  while (elements_.next_element()) {
    if (!write_next(element) || out_.bytes().size() > most_bytes_) return false;
  }
  return true;
}

bool JsonValueWriter::write_map(const Type& value) {
  if (!elements_.enter_object()) return false;
  const JsonReader::Mark begin = elements_.mark();
  uint64_t count = 0;
  JsonString key;
  for (; elements_.next_key(key); ++count) elements_.skip();
  if (elements_.failed()) return false;
  elements_.rewind(begin);
  out_.count(count);
  while (elements_.next_key(key)) {
    out_.string(key.view);
    if (!write_next(value) || out_.bytes().size() > most_bytes_) return false;
  }
  return true;
}

}  // namespace freshet::processors

// Compares the code that reads and writes several bytes at a time with simple code, using random values.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <random>
#include <vector>

#include "base/allocation_limit.h"
#include "processors/formats/row_writer.h"
#include "processors/json/hex_digits.h"
#include "processors/json/json_number.h"
#include "processors/json/json_reader.h"
#include "processors/json/json_scan.h"
#include "processors/json/json_text.h"
#include "processors/json/wide_scan.h"
#include "processors/values/uuid.h"

namespace freshet::processors {
namespace {

std::string digits(std::mt19937_64& random, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += static_cast<char>('0' + random() % 10);
  return text;
}

// A literal without exponent: up to 22 digits before and after the point.
std::string literal(std::mt19937_64& random) {
  std::string text = random() % 4 == 0 ? "-" : "";
  std::string integer = digits(random, 1 + random() % 22);
  if (random() % 4 == 0) integer = "0";
  if (integer.size() > 1 && integer[0] == '0') integer[0] = '1';
  text += integer;
  if (random() % 2 == 0) text += "." + digits(random, 1 + random() % 22);
  return text;
}

// from_chars of the whole literal; none if the value does not fit.
template <typename T>
std::optional<T> plain(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

TEST(FastPathsTest, NumbersAreReadAsFromCharsReadsThem) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = literal(random);
    const std::string padded = " " + text + (i % 2 == 0 ? "" : "\n  ");
    JsonReader reader;
    reader.open(padded);
    double number = 0;
    ASSERT_TRUE(reader.read_f64(number) && reader.finish()) << text;
    ASSERT_EQ(number, plain<double>(text)) << text;

    reader.open(padded);
    ASSERT_TRUE(reader.read_f64_to_truncate(number) && reader.finish()) << text;
    const bool integer = text.find('.') == std::string::npos;
    const bool fits = integer && (plain<uint64_t>(text) || plain<int64_t>(text));
    ASSERT_EQ(number, fits ? plain<double>(text) : reference_double(text)) << text;

    reader.open(padded);
    uint64_t value = 0;
    const bool read = reader.read_u64(value);
    ASSERT_EQ(read, text[0] != '-' && plain<uint64_t>(text).has_value()) << text;
    if (read) {
      ASSERT_EQ(value, plain<uint64_t>(text)) << text;
    }

    reader.open(padded);
    ASSERT_TRUE(reader.skip() && reader.finish()) << text;
  }
}

TEST(FastPathsTest, TheLimitsOf64BitsAreKept) {
  for (const char* text : {"9999999999999999999", "10000000000000000000", "18446744073709551615"}) {
    JsonReader reader;
    reader.open(text);
    uint64_t value = 0;
    EXPECT_TRUE(reader.read_u64(value) && reader.finish()) << text;
    EXPECT_EQ(value, plain<uint64_t>(text)) << text;
  }
  for (const char* text : {"18446744073709551616", "20000000000000000000", "99999999999999999999",
                           "100000000000000000000", "018446744073709551615"}) {
    JsonReader reader;
    reader.open(text);
    uint64_t value = 0;
    EXPECT_FALSE(reader.read_u64(value)) << text;
  }
}

TEST(FastPathsTest, IntegersAreWrittenAsToCharsWritesThem) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    uint64_t value = random() >> random() % 64;
    if (i % 4 == 0) value = kPowersOfTen[random() % 20] - i % 3;
    std::array<char, 24> room{};
    const std::string_view text(room.data(), static_cast<size_t>(write_u64(value, room.data()) - room.data()));
    ASSERT_EQ(text, std::to_string(value));
    ASSERT_EQ(room[20], 0) << "more than 20 bytes changed by " << text;
    const auto negative = static_cast<int64_t>(value);
    const std::string_view signed_text(room.data(),
                                       static_cast<size_t>(write_i64(negative, room.data()) - room.data()));
    ASSERT_EQ(signed_text, std::to_string(negative));
    const int count = 1 + i % 16;
    const std::string_view last(room.data(),
                                static_cast<size_t>(write_digits(value, count, room.data()) - room.data()));
    const std::string all = std::string(20, '0') + std::to_string(value);
    ASSERT_EQ(last, all.substr(all.size() - static_cast<size_t>(count)));
  }
  for (uint64_t value = 0; value < 10'000; ++value) {
    std::array<char, 8> room{};
    write_digits(value * 10'000 + value, 8, room.data());
    const std::string four = std::to_string(value + 10'000).substr(1);
    ASSERT_EQ(std::string_view(room.data(), room.size()), four + four);
  }
}

TEST(FastPathsTest, DoublesAreWrittenWithTheDigitsThatToCharsHas) {
  std::mt19937_64 random(2);
  const auto digits_of = [](std::string_view text) {
    std::string found;
    for (const char c : text.substr(0, text.find('e'))) {
      if (c >= '0' && c <= '9') found += c;
    }
    found.erase(0, found.find_first_not_of('0'));
    found.erase(found.find_last_not_of('0') + 1);
    return found;
  };
  for (int i = 0; i < 100'000; ++i) {
    double value = *plain<double>(literal(random));
    if (i % 3 == 0) value = static_cast<double>(random() % 100'000'000) / 1e6;
    if (i % 3 == 1) value = std::nextafter(value, i % 2 == 0 ? 1e300 : -1e300);
    std::array<char, kNumberRoom> ours{};
    const std::string_view text(ours.data(), static_cast<size_t>(write_f64(value, ours.data()) - ours.data()));
    std::array<char, 40> theirs{};
    const char* const end =
        std::to_chars(theirs.data(), theirs.data() + theirs.size(), value, std::chars_format::scientific).ptr;
    ASSERT_EQ(plain<double>(text), value) << text;
    ASSERT_EQ(digits_of(text), digits_of({theirs.data(), static_cast<size_t>(end - theirs.data())})) << text;
  }
}

// All implementations that this machine can run. `portable` is among them on every machine, so it is always tested.
struct ByteScan {
  const char* name;
  const char* (*after_space)(const char*);
  const char* (*scan_string)(const char*, bool&);
  unsigned (*special_of_sixteen)(const char*);
  bool (*same_head)(const char*, const char*, size_t);
  bool (*read_hex)(const char*, uint8_t*);
  void (*write_hex)(const uint8_t*, char*);
};

class ByteScanTest : public testing::TestWithParam<ByteScan> {
 protected:
  // A text of mostly plain bytes, followed by 16 readable bytes.
  std::string text(std::string_view rare_bytes, char plain) {
    std::string made(random_() % 70, plain);
    const uint64_t rare = 1 + random_() % 30;
    for (char& c : made) {
      if (random_() % rare == 0) c = rare_bytes[random_() % rare_bytes.size()];
    }
    return made;
  }

  std::mt19937_64 random_{7};
};

TEST_P(ByteScanTest, WhiteSpaceEndsAtTheFirstOtherByte) {
  for (int i = 0; i < 20'000; ++i) {
    const std::string padded = text(" \n\t\r\x0b\x0c\x1f\x01,x\xff", ' ') + "x" + std::string(16, ' ');
    ASSERT_EQ(GetParam().after_space(padded.data()) - padded.data(), padded.find_first_not_of(" \n\t\r")) << padded;
  }
}

TEST_P(ByteScanTest, AStringIsScannedToItsFirstSpecialByte) {
  using namespace std::string_view_literals;
  for (int i = 0; i < 20'000; ++i) {
    const std::string padded = text("\"\\\n\0\x1f\x20\x7f\x80\xff!"sv, 'a') + "\"" + std::string(16, '\xff');
    const auto special = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; };
    const auto end = std::find_if(padded.begin(), padded.end(), special);
    const bool plain = std::all_of(padded.begin(), end, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    bool ascii = true;
    ASSERT_EQ(GetParam().scan_string(padded.data(), ascii) - padded.data(), end - padded.begin()) << padded;
    ASSERT_EQ(ascii, plain) << padded;
    ascii = false;
    GetParam().scan_string(padded.data(), ascii);
    ASSERT_FALSE(ascii);
    const unsigned found = GetParam().special_of_sixteen(padded.data());
    for (size_t at = 0; at < 16; ++at) ASSERT_EQ((found >> at & 1) != 0, special(padded[at])) << padded;
    ASSERT_EQ(found >> 16, 0u);
  }
}

TEST_P(ByteScanTest, HeadsAreTheSameUpToTheirSizeOrSixteenBytes) {
  for (size_t size = 0; size < 40; ++size) {
    const std::string a(40, 'a');
    for (size_t at = 0; at < a.size(); ++at) {
      std::string b = a;
      b[at] = 'b';
      ASSERT_EQ(GetParam().same_head(a.data(), b.data(), size), at >= std::min<size_t>(size, 16)) << size << " " << at;
    }
    ASSERT_TRUE(GetParam().same_head(a.data(), a.data(), size));
  }
}

TEST(SameText, AnyDifferentByteCountsUpToTheSize) {
  const std::string a(80, 'a');
  for (size_t size = 0; size <= 64; ++size) {
    for (size_t at = 0; at < a.size(); ++at) {
      std::string b = a;
      b[at] = 'b';
      ASSERT_EQ(same_text(a.data(), b.data(), size), at >= size) << size << " " << at;
    }
  }
}

TEST_P(ByteScanTest, HexDigitsAreReadAndWritten) {
  for (int byte = 0; byte < 256; ++byte) {
    std::array<uint8_t, 16> bytes{};
    bytes.fill(static_cast<uint8_t>(255 - byte));
    bytes[static_cast<size_t>(byte) % 16] = static_cast<uint8_t>(byte);
    std::string digits(32, ' ');
    GetParam().write_hex(bytes.data(), digits.data());
    std::string expected;
    for (const uint8_t b : bytes) {
      expected += "0123456789abcdef"[b >> 4];
      expected += "0123456789abcdef"[b & 15];
    }
    ASSERT_EQ(digits, expected);
    for (const bool upper : {false, true}) {
      if (upper) std::transform(digits.begin(), digits.end(), digits.begin(), [](int c) { return std::toupper(c); });
      std::array<uint8_t, 16> read{};
      ASSERT_TRUE(GetParam().read_hex(digits.data(), read.data()));
      ASSERT_EQ(read, bytes);
    }
    for (size_t at = 0; at < 32; ++at) {
      std::string changed = digits;
      changed[at] = static_cast<char>(byte);
      std::array<uint8_t, 16> read{};
      ASSERT_EQ(GetParam().read_hex(changed.data(), read.data()), byte < 128 && std::isxdigit(byte) != 0) << changed;
    }
  }
}

constexpr ByteScan kPortable{
    "portable",          portable::after_space, portable::scan_string, portable::special_of_sixteen,
    portable::same_head, portable::read_hex,    portable::write_hex};
const auto name_of = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Portable, ByteScanTest, testing::Values(kPortable), name_of);
#if defined(__SSE2__)
constexpr ByteScan kSse2{"sse2",          sse2::after_space, sse2::scan_string, sse2::special_of_sixteen,
                         sse2::same_head, sse2::read_hex,    sse2::write_hex};
INSTANTIATE_TEST_SUITE_P(Sse2, ByteScanTest, testing::Values(kSse2), name_of);
#endif

TEST(FastPathsTest, AWrongDigitAnywhereMakesNoUuid) {
  const std::string simple = "0123456789abcdefFEDCBA9876543210";
  const std::string hyphenated = "01234567-89ab-cdef-FEDC-BA9876543210";
  ASSERT_EQ(Uuid::parse(simple), Uuid::parse(hyphenated));
  std::string written(32, ' ');
  Uuid::parse(simple)->write_simple(written.data());
  EXPECT_EQ(written, "0123456789abcdeffedcba9876543210");
  for (const std::string& text : {simple, hyphenated}) {
    for (size_t i = 0; i < text.size(); ++i) {
      for (int c = 0; c < 256; ++c) {
        std::string changed = text;
        changed[i] = static_cast<char>(c);
        const bool hyphen = text[i] == '-';
        EXPECT_EQ(Uuid::parse(changed).has_value(), hyphen ? c == '-' : c < 128 && std::isxdigit(c) != 0) << changed;
      }
    }
  }
}

TEST(FastPathsTest, TextsOfAnyLengthAreEscapedByteByByte) {
  std::mt19937_64 random(3);
  const auto escaped = [](std::string_view text) {
    std::string out(text.size() * 6, '\0');
    out.resize(static_cast<size_t>(escape_json(text, out.data()) - out.data()));
    return out;
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 120, ' ');
    const uint64_t rare = 1 + random() % 20;
    for (char& c : text) c = random() % rare == 0 ? "\"\\\n\t\x01\x1f/\x7f"[random() % 8] : 'a';
    std::string bytewise;
    for (const char& c : text) bytewise += escaped({&c, 1});
    ASSERT_EQ(escaped(text), bytewise);
    ASSERT_EQ(escaped("\x01" + text), "\\u0001" + bytewise);  // which stops the code of the machine
    ASSERT_EQ(escaped_size(text), bytewise.size());
  }
}

TEST(FastPathsTest, TimesOfAColumnAreWrittenAsTimesOfAnArray) {
  constexpr Column kTime("time");
  std::mt19937_64 random(4);
  for (int i = 0; i < 10'000; ++i) {
    auto ticks = static_cast<int64_t>(random() >> random() % 64);
    if (i == 0) ticks = INT64_MIN;
    const auto same = [&](auto value) {
      RowWriter fast(i % 2 == 0 ? TickForm::SecondsAndFraction : TickForm::Ticks);
      RowWriter plain(i % 2 == 0 ? TickForm::SecondsAndFraction : TickForm::Ticks);
      fast.put(kTime, value);
      plain.key(kTime);
      plain.value(value);
      ASSERT_EQ(fast.text(), plain.text());
    };
    same(Ticks<3>{ticks});
    same(Ticks<6>{ticks});
    same(Ticks<9>{ticks});
    same(Ticks<6, uint64_t>{static_cast<uint64_t>(ticks)});
  }
}

TEST(FastPathsTest, ALargeRowIsMovedAndASmallOneAppended) {
  constexpr Column kName("name");
  RowWriter writer(TickForm::Ticks);
  const auto write = [&](std::string_view text, std::string& rows) {
    writer.begin_row();
    writer.put(kName, text);
    writer.end_row();
    writer.move_to(rows);
  };
  const std::string large(5 << 20, 'x');
  std::string rows;
  write(large, rows);
  EXPECT_EQ(rows, "{\"name\":\"" + large + "\"}\n");
  EXPECT_LT(rows.capacity(), large.size() + (1 << 20));
  write("a", rows);
  write(large, rows);
  EXPECT_EQ(rows, "{\"name\":\"" + large + "\"}\n{\"name\":\"a\"}\n{\"name\":\"" + large + "\"}\n");
  EXPECT_EQ(writer.text(), "");
}

// What a call writes behind another value.
struct Written {
  const char* text;
  void (*write)(RowWriter& row);
};
constexpr std::array kWritten = {
    Written{R"(,"key":)",
            [](RowWriter& row) {
              row.key(JsonString{"key", true});
            }},
    Written{R"(,"\n":)",
            [](RowWriter& row) {
              row.key(JsonString{"\n", false});
            }},
    Written{R"(,"value")",
            [](RowWriter& row) {
              row.value(JsonString{"value", true});
            }},
    Written{",340282366920938463463374607431768211455",
            [](RowWriter& row) {
              row.value(UInt128{UINT64_MAX, UINT64_MAX});
            }},
    Written{",-9223372036854775808", [](RowWriter& row) { row.value(INT64_MIN); }},
    Written{",-1.2345678901234567e-100", [](RowWriter& row) { row.value(-1.2345678901234567e-100); }},
    Written{R"(,"1969-12-31 23:59:59.999999999")", [](RowWriter& row) { row.ticks_value(int64_t{-1}, 9); }},
    Written{"}\n", [](RowWriter& row) { row.end_row(); }},
};

// At every distance from the end of the buffer, which has to grow for what follows.
TEST(FastPathsTest, WhateverIsWrittenHasRoomInTheBuffer) {
  constexpr size_t kPart = 1000;
  const std::string part(kPart, 'x');
  const std::string more(20'000, 'y');
  for (const Written& written : kWritten) {
    for (const size_t buffer : {4416u, 8832u, 17664u}) {
      for (size_t size = buffer - 60; size <= buffer; ++size) {
        RowWriter row(TickForm::SecondsAndFraction);
        row.begin_string();
        for (size_t left = size - 1; left > 0;) {
          const size_t next = std::min(left, kPart);
          row.string_part(JsonString{std::string_view(part).substr(0, next), true});
          left -= next;
        }
        written.write(row);
        row.raw(more);
        std::string expected = "\"" + std::string(size - 1, 'x') + written.text;
        if (expected.back() != ':' && expected.back() != '\n') expected += ',';
        ASSERT_TRUE(row.text() == expected + more) << written.text << ' ' << size;
      }
    }
  }
}

TEST(FastPathsTest, ALargeTextIsEscapedAsAWholeWithoutRoomForTheWorstCase) {
  std::string text;
  while (text.size() < 20'000'000) text += "\"\u00e9 text\n";
  std::string whole(text.size() * kEscapedBytes, '\0');
  whole.resize(static_cast<size_t>(escape_json(text, whole.data()) - whole.data()));
  whole = "\"" + whole + "\"";
  std::string out;
  append_json_string(text, out);
  EXPECT_TRUE(out == whole);
  EXPECT_LT(out.capacity(), 3 * text.size());
  const AllocationLimit limit(4 * text.size());
  RowWriter row(TickForm::Ticks);
  row.value(JsonString{.view = text, .plain = false});
  EXPECT_TRUE(row.text() == whole);
}

TEST(FastPathsTest, EveryByteIsReadFromItsNumberAndNoOther) {
  for (int number = 0; number < 2000; ++number) {
    for (const std::string& text : {std::to_string(number), "0" + std::to_string(number)}) {
      JsonReader reader;
      const std::string list = "[7," + text + ",8]";
      reader.open(list);
      std::string_view bytes;
      const bool fits = number < 256 && text == std::to_string(number);
      ASSERT_EQ(reader.read_bytes(bytes), fits) << text;
      if (fits) {
        ASSERT_EQ(bytes, std::string({7, static_cast<char>(number), 8})) << text;
      }
    }
  }
}

std::string elements_of(JsonReader& reader) {
  std::string elements;
  for (reader.enter_array(); reader.next_element();) {
    uint8_t byte = 0;
    if (reader.read_unsigned(byte)) elements += static_cast<char>(byte);
  }
  return elements;
}

// Each stops at the beginning or after a comma, and has read the elements up to there.
void check_every_code(const std::string& list) {
  std::vector<char> padded(list.begin(), list.end());
  padded.push_back('\0');
  padded.resize(list.size() + Message::kPadding, ',');
  const char* const begin = padded.data() + 1;  // after the bracket
  for (const WideScan& code : WideScan::all()) {
    std::string bytes(list.size() / 2 + 64, '\xAA');
    char* end = bytes.data();
    const char* const stopped = code.read_bytes(begin, end);
    bytes.resize(static_cast<size_t>(end - bytes.data()));
    ASSERT_EQ(bytes.empty(), stopped == begin) << code.name << list;
    if (bytes.empty()) continue;
    ASSERT_EQ(stopped[-1], ',') << code.name << list;
    JsonReader reader;
    reader.open("[" + std::string(begin, stopped - 1) + "]");
    ASSERT_EQ(elements_of(reader), bytes) << code.name << list;
    ASSERT_FALSE(reader.failed()) << code.name << list;
  }
}

TEST(WideScanTest, ThePortableCodeIsAlwaysTested) {
  EXPECT_EQ(WideScan::all().back().name, std::string_view("portable"));
}

TEST(WideScanTest, AListOfBytesIsReadUpToItsLastComma) {
  for (const std::string_view separator : {",", ", ", ",\n    "}) {
    std::string list;
    std::string expected;
    for (int number = 0; number < 100; ++number) {
      list += std::to_string(number * 7 % 256);
      list += separator;
      expected += static_cast<char>(number * 7);
    }
    const std::string padded = list + "1]" + std::string(Message::kPadding, '\0');
    for (const WideScan& code : WideScan::all()) {
      if constexpr (std::endian::native != std::endian::little) continue;
      std::string bytes(list.size() / 2 + 64, '\xAA');
      char* end = bytes.data();
      const char* const stopped = code.read_bytes(padded.data(), end);
      bytes.resize(static_cast<size_t>(end - bytes.data()));
      EXPECT_EQ(bytes, expected) << code.name;
      EXPECT_EQ(stopped - padded.data(), static_cast<std::ptrdiff_t>(list.rfind(',') + 1)) << code.name;
    }
  }
}

// What `code` makes of the text, and the rest as escape_json() makes it of each byte alone.
std::string escaped_by(const WideScan& code, std::string_view text, size_t& by_code) {
  std::vector<char> out(kEscapedBytes * text.size());
  char* end = out.data();
  const char* const stopped = code.escape(text.data(), text.data() + text.size(), end);
  by_code = static_cast<size_t>(stopped - text.data());
  std::string escaped(out.data(), end);
  for (const char& c : text.substr(by_code)) {
    std::array<char, kEscapedBytes> one{};
    escaped.append(one.data(), escape_json({&c, 1}, one.data()));
  }
  return escaped;
}

TEST(WideScanTest, EveryByteIsEscapedAtEveryPlace) {
  std::string specials = "\"\\\x80\xff";
  for (char c = 0; c < 0x20; ++c) specials += c;
  const WideScan& portable = WideScan::all().back();
  for (const char special : specials) {
    for (size_t at = 0; at < 100; ++at) {
      std::string text(100, 'a');
      text[at] = text[99] = special;
      size_t ignored = 0;
      const std::string expected = escaped_by(portable, text, ignored);
      ASSERT_EQ(ignored, 0u);
      for (const WideScan& code : WideScan::all()) {
        // In memory that ends with the text.
        const std::vector<char> exact(text.begin(), text.end());
        size_t by_code = 0;
        ASSERT_EQ(escaped_by(code, {exact.data(), exact.size()}, by_code), expected) << code.name << at;
        const bool is_short = expected.find("\\u") == std::string::npos;
        const size_t fast = is_short ? 96 : at / 32 * 32;
        ASSERT_EQ(by_code, code.name == std::string_view("avx512") ? fast : 0) << code.name << at;
      }
    }
  }
  size_t ignored = 0;
  EXPECT_EQ(escaped_by(portable, {"\0\b\t\n\v\f\r\x1f\"\\\x80\xff", 12}, ignored),
            "\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\\x80\xff");
}

TEST(WideScanTest, AStringIsScannedToItsFirstSpecialByte) {
  std::mt19937_64 random(13);
  for (int i = 0; i < 20'000; ++i) {
    std::string padded(random() % 200, 'a');
    if (!padded.empty() && i % 2 == 0) padded[random() % padded.size()] = "\xc3\x7f \xff"[random() % 4];
    const size_t size = padded.size();
    padded += "\"\\\n\x1f"[random() % 4];
    padded += std::string(Message::kPadding, i % 3 == 0 ? '\xff' : '\0');
    const bool plain = std::all_of(padded.begin(), padded.begin() + static_cast<std::ptrdiff_t>(size),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    for (const WideScan& code : WideScan::all()) {
      bool ascii = true;
      ASSERT_EQ(code.scan_string(padded.data(), ascii), padded.data() + size) << code.name << padded;
      ASSERT_EQ(ascii, plain) << code.name << padded;
    }
  }
}

TEST(FastPathsTest, BytesOfAListStayAndZerosFollowThem) {
  for (size_t size = 0; size < 300; ++size) {
    std::string list;
    for (size_t i = 0; i < size; ++i) list += list.empty() ? "255" : ",255";
    const std::string text = "[[" + list + R"(],"\n)" + std::string(200, 'x') + "\"]";
    JsonReader reader;
    reader.open(text);
    std::string_view bytes;
    JsonString string;
    ASSERT_TRUE(reader.enter_array() && reader.next_element() && reader.read_bytes(bytes)) << size;
    const std::string expected = std::string(size, '\xff') + std::string(Message::kPadding, '\0');
    ASSERT_EQ(std::string_view(bytes.data(), size + Message::kPadding), expected);
    ASSERT_TRUE(reader.next_element() && reader.read_string(string)) << size;
    ASSERT_EQ(string.view, "\n" + std::string(200, 'x'));
    ASSERT_EQ(std::string_view(bytes.data(), size + Message::kPadding), expected);
    ASSERT_EQ(bytes.size(), size);
  }
}

// Lists with and without white space, most of them with one change somewhere.
TEST(FastPathsTest, ListsOfBytesAreReadAsTheirElementsAreRead) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string list = "[";
    const size_t size = 1 + random() % 120;
    const uint64_t spaces = i % 3 == 0 ? 1 + random() % 40 : 0;
    for (size_t at = 0; at < size; ++at) {
      if (at > 0)
        list += spaces > 0 && random() % spaces == 0 ? " , " : i % 2 == 0 ? "," : at % 16 == 0 ? ",\n    " : ", ";
      list += std::to_string(random() % 256);
    }
    list += "]";
    if (i % 4 != 0) list[random() % list.size()] = "0,9 ]-:[\x01"[random() % 9];
    const std::string text = list + R"(,"a":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27])";

    JsonReader plain;
    plain.open(text);
    const std::string expected = elements_of(plain);
    JsonReader reader;
    reader.open(text);
    check_every_code(text);
    std::string_view bytes;
    ASSERT_EQ(reader.read_bytes(bytes), !plain.failed()) << text;
    if (plain.failed()) continue;
    ASSERT_EQ(bytes, expected) << text;
    ASSERT_EQ(reader.position(), plain.position()) << text;
  }
}

}  // namespace
}  // namespace freshet::processors

#include "processors/formats/row_writer.h"

#include <algorithm>
#include <cassert>

#include "processors/json/json_digits.h"
#include "processors/json/json_text.h"
#include "processors/values/date_time.h"

namespace freshet::processors {
namespace {

constexpr uint64_t kYear2300 = 10'413'792'000;
constexpr size_t kLargeText = 1 << 20;
constexpr size_t kLargeBuffer = 4 << 20;  // a buffer beyond this grows by less than its size

}  // namespace

void RowWriter::grow(size_t more) {
  assert(at_ <= end_);  // otherwise something was written without room
  // Reserves room for what follows a large value, so that the value is not copied again.
  const size_t used = size();
  const size_t needed = used + more + 256 + more / 64;
  const size_t room = buffer_.size();
  std::string next;
  next.reserve(std::max(room < kLargeBuffer ? 2 * room : room + room / 4, needed));
  next.append(text());
  take(std::move(next), used);
}

void RowWriter::take(std::string&& buffer, size_t used) {
  buffer_ = std::move(buffer);
  buffer_.resize(buffer_.capacity());
  at_ = buffer_.data() + used;
  end_ = buffer_.data() + buffer_.size();
}

void RowWriter::move_to(std::string& rows) {
  if (rows.empty() && size() >= kLargeText) {
    const size_t used = size();
    rows.swap(buffer_);
    rows.resize(used);
    take(std::string(std::move(buffer_)), 0);
  } else {
    rows.append(text());
  }
  clear();
}

void RowWriter::value(const JsonNumber& v) {
  number([&v](char* out) { return write_number(v, out); });
}

void RowWriter::escaped_value(std::string_view text) {
  begin_string();
  string_part(text);
  end_string();
}

void RowWriter::string_part(const JsonString& text) {
  if (!text.plain) return string_part(text.view);
  ensure(text.view.size());
  append(text.view);
}

void RowWriter::value(const DottedText& v) {
  begin_string();
  string_part(v.before);
  string_part(JsonString{".", true});
  string_part(v.after);
  end_string();
}

void RowWriter::begin_string() {
  ensure(2);
  separate();
  *at_++ = '"';
}

void RowWriter::string_part(std::string_view text) {
  // Grows once instead of several times, which would copy.
  if (text.size() >= kLargeText) ensure(escaped_size(text) + kEscapedBytes * kSlice + 16);
  for_each_slice(text, [this](std::string_view slice) {
    ensure(kEscapedBytes * slice.size() + 16);
    at_ = escape_json(slice, at_);
  });
}

void RowWriter::end_string() {
  ensure(2);  // the colon after a key has room, too
  *at_++ = '"';
}

void RowWriter::value(const Uuid& v) {
  ensure(40);
  separate();
  *at_++ = '"';
  v.write(at_);
  at_ += Uuid::kTextSize;
  *at_++ = '"';
}

void RowWriter::value(const IpAddress& v) {
  ensure(IpAddress::kTextRoom + 3);
  separate();
  *at_++ = '"';
  at_ = v.write(at_);
  *at_++ = '"';
}

void RowWriter::ticks_value(int64_t ticks, int digits) {
  if (tick_form_ == TickForm::Ticks) return value(ticks);
  if (ticks >= 0) return instant(static_cast<uint64_t>(ticks), digits);
  const auto scale = static_cast<int64_t>(kPowersOfTen[static_cast<size_t>(digits)]);
  int64_t seconds = ticks / scale;
  int64_t fraction = ticks % scale;
  if (fraction < 0) {
    fraction += scale;
    --seconds;
  }
  calendar_text(seconds, static_cast<uint64_t>(fraction), digits);
}

void RowWriter::ticks_value(uint64_t ticks, int digits) {
  if (tick_form_ == TickForm::Ticks) return value(ticks);
  instant(ticks, digits);
}

void RowWriter::instant(uint64_t ticks, int digits) {
  const uint64_t scale = kPowersOfTen[static_cast<size_t>(digits)];
  const uint64_t seconds = ticks / scale;
  if (seconds > kTenDigits && seconds < kYear2300) {
    return calendar_text(static_cast<int64_t>(seconds), ticks % scale, digits);
  }
  number([&](char* out) {
    if (seconds <= kTenDigits) return seconds_and_fraction(seconds, ticks % scale, digits, out);
    *out++ = '"';
    out = write_u64(seconds, out);
    *out++ = '.';
    out = write_digits(ticks % scale, digits, out);
    *out++ = '"';
    return out;
  });
}

void RowWriter::calendar_text(int64_t seconds, uint64_t fraction, int digits) {
  number([&](char* out) {
    *out++ = '"';
    out = write_calendar_time(seconds, 4, out);
    *out++ = '.';
    out = write_digits(fraction, digits, out);
    *out++ = '"';
    return out;
  });
}

void RowWriter::add_rows(std::string_view lines) {
  ensure(lines.size());
  append(lines);
}

void RowWriter::raw(std::string_view json) {
  ensure(json.size() + 2);
  separate();
  append(json);
}

}  // namespace freshet::processors

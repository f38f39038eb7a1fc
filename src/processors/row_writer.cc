#include "processors/row_writer.h"

#include <algorithm>

#include "processors/json_text.h"

namespace freshet::processors {
void RowWriter::grow(size_t more) {
  const size_t room = std::max(2 * room_, size_ + more + 256);
  auto next = std::make_unique_for_overwrite<char[]>(room);
  if (size_ > 0) std::memcpy(next.get(), buffer_.get(), size_);
  buffer_ = std::move(next);
  room_ = room;
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
  std::memcpy(buffer_.get() + size_, text.view.data(), text.view.size());
  size_ += text.view.size();
}

void RowWriter::begin_string() {
  ensure(2);
  separate();
  buffer_[size_++] = '"';
}

void RowWriter::string_part(std::string_view text) {
  ensure(text.size() * 6 + 16);
  size_ = static_cast<size_t>(escape_json(text, buffer_.get() + size_) - buffer_.get());
}

void RowWriter::end_string() {
  ensure(2);
  buffer_[size_++] = '"';
}

void RowWriter::value(const Uuid& v) {
  ensure(40);
  separate();
  buffer_[size_++] = '"';
  v.write(buffer_.get() + size_);
  size_ += Uuid::kTextSize;
  buffer_[size_++] = '"';
}

void RowWriter::value(const IpAddress& v) {
  ensure(IpAddress::kTextRoom + 3);
  separate();
  buffer_[size_++] = '"';
  size_ = static_cast<size_t>(v.write(buffer_.get() + size_) - buffer_.get());
  buffer_[size_++] = '"';
}

void RowWriter::ticks_value(int64_t ticks, int digits) {
  if (tick_form_ == TickForm::Ticks) return value(ticks);
  const auto magnitude = static_cast<uint64_t>(ticks);
  seconds_and_fraction(ticks < 0, ticks < 0 ? ~magnitude + 1 : magnitude, digits);
}

void RowWriter::ticks_value(uint64_t ticks, int digits) {
  if (tick_form_ == TickForm::Ticks) return value(ticks);
  seconds_and_fraction(false, ticks, digits);
}

void RowWriter::seconds_and_fraction(bool negative, uint64_t ticks, int digits) {
  uint64_t scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  number([&](char* out) {
    if (negative) *out++ = '-';
    out = write_u64(ticks / scale, out);
    *out++ = '.';
    uint64_t fraction = ticks % scale;
    for (int i = digits; i-- > 0; fraction /= 10) out[i] = static_cast<char>('0' + fraction % 10);
    return out + digits;
  });
}

void RowWriter::raw(std::string_view json) {
  ensure(json.size() + 2);
  separate();
  std::memcpy(buffer_.get() + size_, json.data(), json.size());
  size_ += json.size();
}

}  // namespace freshet::processors

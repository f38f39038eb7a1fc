#include "model/owned_message.h"

#include <algorithm>
#include <memory>
#include <numeric>

namespace freshet {
namespace {

struct Record {
  std::unique_ptr<char[]> bytes;  // payload, padding, key, header names and values
  std::vector<HeaderView> headers;
};

class RecordMemory final : public MessageMemory {
 public:
  void release(void* handle) const noexcept override {
    const std::unique_ptr<Record> owner(static_cast<Record*>(handle));
  }
  void headers(const void* record, std::vector<HeaderView>& out) const override {
    const std::vector<HeaderView>& headers = static_cast<const Record*>(record)->headers;
    out.insert(out.end(), headers.begin(), headers.end());
  }
};

const RecordMemory kRecordMemory;

size_t size_of(const std::optional<std::string_view>& text) { return text ? text->size() : 0; }

size_t size_of(const std::vector<HeaderView>& headers) {
  return std::accumulate(headers.begin(), headers.end(), size_t{0}, [](size_t sum, const HeaderView& header) {
    return sum + header.name.size() + size_of(header.value);
  });
}

// Copies texts to a buffer and redirects the views to the copies.
class Copier {
 public:
  explicit Copier(char* at) : at_(at) {}
  void take(std::string_view& text) {
    std::copy(text.begin(), text.end(), at_);
    text = {at_, text.size()};
    at_ += text.size();
  }
  void take(std::optional<std::string_view>& text) {
    if (text) take(*text);
  }
  void pad(size_t size) {
    std::fill_n(at_, size, '\0');
    at_ += size;
  }

 private:
  char* at_;
};

}  // namespace

Message padded_copy(const Message& message) {
  auto record = std::make_unique<Record>();
  message.headers(record->headers);
  record->bytes = std::make_unique_for_overwrite<char[]>(size_of(message.payload) + Message::kPadding +
                                                         size_of(message.key) + size_of(record->headers));
  Record* const owned = record.release();
  Message copy(&kRecordMemory, owned, owned);
  copy.offset = message.offset;
  copy.timestamp_ms = message.timestamp_ms;
  copy.key = message.key;
  copy.payload = message.payload;
  copy.padded = message.payload.has_value();
  Copier copier(owned->bytes.get());
  copier.take(copy.payload);
  copier.pad(Message::kPadding);
  copier.take(copy.key);
  for (HeaderView& header : owned->headers) {
    copier.take(header.name);
    copier.take(header.value);
  }
  return copy;
}

}  // namespace freshet

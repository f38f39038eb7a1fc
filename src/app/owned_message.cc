#include "app/owned_message.h"

namespace freshet::app {
namespace {

class OwnedMemory final : public MessageMemory {
 public:
  void release(void*) const noexcept override {}
  void headers(const void* record, std::vector<HeaderView>& out) const override {
    for (const auto& [name, value] : static_cast<const OwnedMessage*>(record)->headers) out.push_back({name, value});
  }
};

}  // namespace

Message view_of(const OwnedMessage& owned) {
  static const OwnedMemory memory;
  Message message(&memory, nullptr, &owned);
  message.offset = Offset{owned.offset};
  message.timestamp_ms = owned.timestamp_ms;
  message.key = owned.key;
  message.payload = owned.payload;
  return message;
}

}  // namespace freshet::app

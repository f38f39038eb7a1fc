#include "kafka/produce_call.h"

#include <array>

namespace freshet::kafka {
namespace {

// The library copies the bytes, but its C type is not const.
auto bytes_of(std::optional<std::string_view> bytes) {
  decltype(rd_kafka_vu_t::u.mem) mem{};
  static char empty = '\0';  // a null pointer would mean a null value
  if (bytes) mem = {bytes->empty() ? &empty : const_cast<char*>(bytes->data()), bytes->size()};
  return mem;
}

HeaderList library_headers(std::span<const HeaderView> headers) {
  if (headers.empty()) return nullptr;
  HeaderList list(rd_kafka_headers_new(headers.size()));
  for (const auto& [name, value] : headers) {
    const auto bytes = bytes_of(value);
    rd_kafka_header_add(list.get(), name.data(), static_cast<ssize_t>(name.size()), bytes.ptr,
                        static_cast<ssize_t>(bytes.size));
  }
  return list;
}

}  // namespace

LibraryError produce_call(rd_kafka_t* client, const std::string& topic, std::optional<Partition> partition,
                          const ProducerRecordView& record, void* opaque) {
  HeaderList headers = library_headers(record.headers);
  std::array<rd_kafka_vu_t, 7> message{};
  message[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  message[0].u.cstr = topic.c_str();
  message[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  message[1].u.i = RD_KAFKA_MSG_F_COPY;
  message[2].vtype = RD_KAFKA_VTYPE_PARTITION;
  message[2].u.i32 = partition ? partition->value : RD_KAFKA_PARTITION_UA;
  message[3].vtype = RD_KAFKA_VTYPE_KEY;
  message[3].u.mem = bytes_of(record.key);
  message[4].vtype = RD_KAFKA_VTYPE_VALUE;
  message[4].u.mem = bytes_of(record.value);
  message[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  message[5].u.ptr = opaque;
  message[6].vtype = RD_KAFKA_VTYPE_HEADERS;
  message[6].u.headers = headers.get();
  const size_t count = headers ? message.size() : message.size() - 1;
  LibraryError error(rd_kafka_produceva(client, message.data(), count));
  if (!error) (void)headers.release();  // the record owns them now
  return error;
}

}  // namespace freshet::kafka

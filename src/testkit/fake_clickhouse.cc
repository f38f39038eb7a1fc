#include "testkit/fake_clickhouse.h"

#include <lz4.h>
#include <zstd.h>

#include <cstring>
#include <stdexcept>

namespace freshet::testkit {
namespace {

uint32_t u32_at(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string decode_block(unsigned char method, std::string_view data, size_t plain_size) {
  std::string plain(plain_size, '\0');
  if (method == 0x82) {
    const int n =
        LZ4_decompress_safe(data.data(), plain.data(), static_cast<int>(data.size()), static_cast<int>(plain_size));
    if (n < 0 || static_cast<size_t>(n) != plain_size) throw std::runtime_error("bad LZ4 block");
  } else if (method == 0x90) {
    if (ZSTD_decompress(plain.data(), plain_size, data.data(), data.size()) != plain_size) {
      throw std::runtime_error("bad ZSTD block");
    }
  } else {
    throw std::runtime_error("unknown method of a block");
  }
  return plain;
}

std::string on_wire(const FakeAnswer& answer) {
  return "HTTP/1.1 " + std::to_string(answer.status) + " Status\r\n" +
         (answer.from_clickhouse ? "X-ClickHouse-Server-Display-Name: fake\r\n" : "") + answer.headers +
         "Connection: Keep-Alive\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
}

}  // namespace

std::string decode_blocks(std::string_view blocks) {
  constexpr size_t kHead = 25;  // checksum, method, two sizes
  std::string plain;
  while (!blocks.empty()) {
    if (blocks.size() < kHead) throw std::runtime_error("block cut off");
    const size_t size = u32_at(blocks, 17);
    if (size < 9 || blocks.size() < 16 + size) throw std::runtime_error("block cut off");
    plain += decode_block(static_cast<unsigned char>(blocks[16]), blocks.substr(kHead, size - 9), u32_at(blocks, 21));
    blocks.remove_prefix(16 + size);
  }
  return plain;
}

FakeAnswer FakeAnswer::of(How how, bool stores) {
  FakeAnswer answer;
  answer.how = how;
  answer.stores = stores;
  return answer;
}

FakeAnswer FakeAnswer::foreign(int status, std::string headers, std::string body) {
  FakeAnswer answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.body = std::move(body);
  answer.stores = false;
  answer.from_clickhouse = false;
  return answer;
}

FakeAnswer FakeAnswer::exception(int code, std::string_view text, int status) {
  FakeAnswer answer;
  answer.status = status;
  answer.stores = false;
  answer.headers = "X-ClickHouse-Exception-Code: " + std::to_string(code) + "\r\n";
  answer.body = "Code: " + std::to_string(code) + ". DB::Exception: " + std::string(text) + " (version 26.5.1.1)\n";
  return answer;
}

FakeAnswer FakeAnswer::old_exception(int code, std::string_view text, int status) {
  FakeAnswer answer;
  answer.status = status;
  answer.stores = false;
  answer.body = "Code: " + std::to_string(code) + ", e.displayText() = DB::Exception: " + std::string(text) +
                ", e.what() = DB::Exception\n";
  return answer;
}

void FakeClickHouse::next(FakeAnswer answer, size_t times) {
  const std::lock_guard lock(mutex_);
  queue_.insert(queue_.end(), times, answer);
}

void FakeClickHouse::otherwise(FakeAnswer answer) {
  const std::lock_guard lock(mutex_);
  otherwise_ = std::move(answer);
}

std::vector<FakeRequest> FakeClickHouse::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string FakeClickHouse::stored_rows() const {
  const std::lock_guard lock(mutex_);
  return stored_rows_;
}

size_t FakeClickHouse::stored_inserts() const {
  const std::lock_guard lock(mutex_);
  return stored_inserts_;
}

size_t FakeClickHouse::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

bool FakeClickHouse::wait_for_requests(size_t count, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return received_ >= count; });
}

FakeAnswer FakeClickHouse::take_answer() {
  const std::lock_guard lock(mutex_);
  FakeAnswer answer = queue_.empty() ? otherwise_ : queue_.front();
  if (!queue_.empty()) queue_.pop_front();
  return answer;
}

void FakeClickHouse::count_received() {
  {
    const std::lock_guard lock(mutex_);
    ++received_;
  }
  changed_.notify_all();
}

void FakeClickHouse::keep(FakeRequest request, bool store) {
  const std::lock_guard lock(mutex_);
  const auto token = request.parameters.find("insert_deduplication_token");
  if (store && (token == request.parameters.end() || tokens_.insert(token->second).second)) {
    stored_rows_ += request.body;
    ++stored_inserts_;
  }
  requests_.push_back(std::move(request));
}

void FakeClickHouse::serve(Fd fd, const StopFlag& stop) {
  {
    const std::lock_guard lock(mutex_);
    ++connections_;
  }
  WireReader reader(fd, stop);
  while (serve_request(reader, fd, stop)) {
  }
}

// False at the end of the connection.
bool FakeClickHouse::serve_request(WireReader& reader, Fd& fd, const StopFlag& stop) {
  WireMessage message;
  if (!reader.read_head(message)) return false;
  const FakeAnswer answer = take_answer();
  const bool whole = receive(reader, fd, message, answer);
  count_received();
  return whole && send_answer(fd, stop, answer);
}

// Reads the body as far as the answer wants and keeps a whole request. False at the end of the connection.
bool FakeClickHouse::receive(WireReader& reader, Fd& fd, WireMessage& message, const FakeAnswer& answer) {
  if (answer.how == FakeAnswer::How::DropAtOnce) return false;
  if (answer.how == FakeAnswer::How::CloseMidBody) {
    reader.read_body(message, 1);
    close_with_reset(fd);
    return false;
  }
  if (!reader.read_body(message)) return false;
  FakeRequest request;
  const size_t target = message.start_line.find(' ') + 1;
  request.target = message.start_line.substr(target, message.start_line.rfind(' ') - target);
  const size_t query = request.target.find('?');
  if (query != std::string::npos) request.parameters = parse_query(std::string_view(request.target).substr(query + 1));
  request.headers = message.headers;
  request.raw_body = message.body;
  request.body = request.parameters.contains("decompress") ? decode_blocks(message.body) : message.body;
  keep(std::move(request), answer.stores);
  return true;
}

// False at the end of the connection.
bool FakeClickHouse::send_answer(Fd& fd, const StopFlag& stop, const FakeAnswer& answer) {
  if (answer.how == FakeAnswer::How::LoseAnswer) return false;
  if (answer.how == FakeAnswer::How::Hang) {
    wait_for_end(fd, stop);
    return false;
  }
  const std::string bytes = answer.raw.empty() ? on_wire(answer) : answer.raw;
  if (answer.how == FakeAnswer::How::CloseMidAnswer) {
    send_all(fd, stop, std::string_view(bytes).substr(0, bytes.size() / 2));
    return false;
  }
  return send_all(fd, stop, bytes);
}

}  // namespace freshet::testkit

#include "testkit/kafka_proxy.h"

#include <poll.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <thread>
#include <utility>

namespace freshet::testkit {
namespace {

using SteadyPoint = std::chrono::steady_clock::time_point;

constexpr size_t kSizeBytes = 4;
constexpr size_t kRequestHead = kSizeBytes + 2 + 2 + 4;  // size, key, version, correlation id
constexpr size_t kAnswerHead = kSizeBytes + 4;           // size, correlation id
// How soon waiting frames notice that a fault was cleared.
constexpr std::chrono::milliseconds kLookEvery(10);

uint32_t number_at(std::string_view bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

// The first complete frame of `bytes`; empty if it is incomplete.
std::optional<std::string> cut_frame(std::string& bytes) {
  if (bytes.size() < kSizeBytes) return std::nullopt;
  const size_t size = kSizeBytes + number_at(bytes, 0, kSizeBytes);
  if (bytes.size() < size) return std::nullopt;
  std::string frame = bytes.substr(0, size);
  bytes.erase(0, size);
  return frame;
}

KafkaRequest parse(std::string frame, uint64_t connection) {
  KafkaRequest request;
  request.connection = connection;
  request.at = std::chrono::system_clock::now();
  if (frame.size() >= kRequestHead) {
    request.api = static_cast<KafkaApi>(number_at(frame, 4, 2));
    request.version = static_cast<int16_t>(number_at(frame, 6, 2));
    request.correlation_id = static_cast<int32_t>(number_at(frame, 8, 4));
  }
  if (frame.size() >= kRequestHead + 2) {
    const size_t size = number_at(frame, kRequestHead, 2);
    if (size < 0x8000 && frame.size() >= kRequestHead + 2 + size)
      request.client_id = frame.substr(kRequestHead + 2, size);
  }
  request.frame = std::move(frame);
  return request;
}

// Of the unsigned variable-length number at `at`, which is moved behind it.
uint32_t take_varint(std::string_view bytes, size_t& at) {
  uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.at(at++));
    value |= static_cast<uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

void skip_compact_string(std::string_view bytes, size_t& at) {
  const uint32_t size = take_varint(bytes, at);  // and one; 0 = null
  at += size > 0 ? size - 1 : 0;
}

// Tagged fields, of which Kafka 4.1 writes none in an answer to Metadata.
void skip_tags(std::string_view bytes, size_t& at) {
  if (take_varint(bytes, at) != 0) throw std::runtime_error("tagged fields in an answer to Metadata");
}

}  // namespace

std::string without_brokers(std::string answer, int16_t version) {
  constexpr int16_t kFlexible = 9;
  if (version < kFlexible) throw std::runtime_error("an old version of Metadata");
  size_t at = kAnswerHead;
  skip_tags(answer, at);
  at += 4;  // throttle time
  const size_t begin = at;
  for (uint32_t left = take_varint(answer, at); left > 1; --left) {
    at += 4;                          // id
    skip_compact_string(answer, at);  // host
    at += 4;                          // port
    skip_compact_string(answer, at);  // rack
    skip_tags(answer, at);
  }
  answer.replace(begin, at - begin, 1, '\x01');
  const size_t size = answer.size() - kSizeBytes;
  for (size_t i = 0; i < kSizeBytes; ++i) answer[i] = static_cast<char>(size >> (8 * (kSizeBytes - 1 - i)) & 0xff);
  return answer;
}

// A request or answer in transit.
struct KafkaProxy::Waiting {
  std::string frame;
  SteadyPoint due;  // not delivered before this time
  KafkaApi api{};
  uint64_t fault = 0;  // number of the fault that delays it; 0 = none
  bool swallowed = false;
  bool cuts = false;   // closes the client's connection
  bool twice = false;  // a request that the broker gets twice
};

// State that both directions of a connection share.
struct KafkaProxy::Connection {
  struct Expected {
    KafkaApi api{};
    uint64_t fault = 0;  // to be applied to the answer; 0 = none
    std::optional<std::chrono::milliseconds> by{};
    bool cuts = false;
    bool twice = false;     // two answers will come
    bool repeated = false;  // this is the second one, which nobody expects
    std::function<std::string(std::string, int16_t)> change{};
    int16_t version = 0;  // of the request
  };
  uint64_t number = 0;
  std::mutex mutex;
  std::map<int32_t, Expected> answers;  // by correlation id; guarded by mutex
};

// Reads frames from one end and delivers each to the other end when it is due. Threads: one.
class KafkaProxy::Direction {
 public:
  // Called with each frame that arrives, to decide what happens to it.
  using Arrived = std::function<void(Waiting&)>;

  Direction(KafkaProxy& proxy, const Fd& from, const Fd& to, const StopFlag& stop, Arrived arrived)
      : proxy_(proxy), from_(from), to_(to), stop_(stop), arrived_(std::move(arrived)) {}

  // Returns when `stop` is set, or at the end of the stream after the received frames are delivered.
  void run() {
    while (!stop_.is_set() && (open_ || !waiting_.empty())) {
      if (!deliver_due()) return;
      if (!open_ && waiting_.empty()) return;
      if (wait()) read();
    }
  }

 private:
  bool deliver_due() {
    while (!waiting_.empty()) {
      const Waiting& next = waiting_.front();
      const bool delayed = next.fault != 0 && proxy_.still_set(next.api, next.fault);
      if (delayed && std::chrono::steady_clock::now() < next.due) return true;
      if (!next.swallowed && !send_all(to_, stop_, next.frame)) return false;
      waiting_.pop_front();
    }
    return true;
  }
  // True if data can be read.
  bool wait() {
    pollfd fds[2] = {{stop_.fd(), POLLIN, 0}, {from_.get(), POLLIN, 0}};
    const int timeout = waiting_.empty() ? -1 : static_cast<int>(kLookEvery.count());
    ::poll(fds, open_ ? 2 : 1, timeout);
    return open_ && fds[0].revents == 0 && fds[1].revents != 0;
  }
  void read() {
    open_ = receive(from_, stop_, bytes_);
    while (auto frame = cut_frame(bytes_)) {
      Waiting next;
      next.frame = *std::move(frame);
      arrived_(next);
      if (next.twice) waiting_.push_back(next);
      if (!next.swallowed) waiting_.push_back(std::move(next));
    }
  }

  KafkaProxy& proxy_;
  const Fd& from_;
  const Fd& to_;
  const StopFlag& stop_;
  const Arrived arrived_;
  bool open_ = true;
  std::string bytes_;
  std::deque<Waiting> waiting_;
};

KafkaProxy::KafkaProxy(uint16_t port, uint16_t server_port) : server_port_(server_port) {
  listener_ = std::make_unique<LoopbackServer>(
      [this](Fd client, const StopFlag& stop) { serve(std::move(client), stop); }, port);
}

KafkaProxy::~KafkaProxy() { listener_.reset(); }

void KafkaProxy::set(KafkaApi api, KafkaFault fault) {
  const std::lock_guard lock(mutex_);
  faults_[api] = Set{next_fault_++, std::move(fault), 0};
}

void KafkaProxy::set(const std::vector<KafkaApi>& apis, const KafkaFault& fault) {
  for (const KafkaApi api : apis) set(api, fault);
}

void KafkaProxy::clear(KafkaApi api) {
  const std::lock_guard lock(mutex_);
  faults_.erase(api);
}

void KafkaProxy::clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

std::vector<KafkaRequest> KafkaProxy::seen(KafkaApi api) const {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(api);
  return found == seen_.end() ? std::vector<KafkaRequest>() : found->second;
}

size_t KafkaProxy::count(KafkaApi api) const {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(api);
  return found == seen_.end() ? 0 : found->second.size();
}

bool KafkaProxy::wait_for(KafkaApi api, size_t count, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] {
    const auto found = seen_.find(api);
    return (found == seen_.end() ? 0 : found->second.size()) >= count;
  });
}

size_t KafkaProxy::faults(KafkaApi api) const {
  const std::lock_guard lock(mutex_);
  const auto found = applied_.find(api);
  return found == applied_.end() ? 0 : found->second;
}

// A fault whose `times` are used up still delays the requests that it was applied to.
bool KafkaProxy::still_set(KafkaApi api, uint64_t fault) const {
  const std::lock_guard lock(mutex_);
  const auto found = faults_.find(api);
  return found != faults_.end() && found->second.number == fault;
}

void KafkaProxy::meet(KafkaRequest request, Connection& connection, Waiting& waiting) {
  Connection::Expected expected{request.api};
  {
    const std::lock_guard lock(mutex_);
    const auto found = faults_.find(request.api);
    if (found != faults_.end()) {
      auto& [number, fault, met] = found->second;
      const bool spent = fault.times > 0 && met >= fault.times;
      if (!spent && (!fault.only || fault.only(request))) {
        ++met;
        ++applied_[request.api];
        if (fault.where == KafkaFault::Where::Answer) {
          expected = {request.api, number, fault.by, fault.cuts};
          expected.change = fault.change;
          expected.version = request.version;
        } else {
          waiting.fault = number;
          waiting.swallowed = !fault.by;
          waiting.cuts = fault.cuts;
          waiting.twice = expected.twice = fault.twice;
          if (fault.by) waiting.due = std::chrono::steady_clock::now() + *fault.by;
        }
      }
    }
    auto& seen = seen_[request.api];
    // Tests inspect the contents of rare requests only; there may be thousands of fetches per second.
    const bool frequent = request.api == KafkaApi::Fetch || request.api == KafkaApi::Produce;
    waiting.api = request.api;
    waiting.frame = frequent ? std::move(request.frame) : request.frame;
    {
      const std::lock_guard answers(connection.mutex);
      connection.answers[request.correlation_id] = expected;
    }
    seen.push_back(std::move(request));
  }
  changed_.notify_all();
}

void KafkaProxy::serve(Fd client, const StopFlag& stop) {
  Connection connection;
  {
    const std::lock_guard lock(mutex_);
    connection.number = next_connection_++;
  }
  const Fd server = connect_to_loopback(server_port_);
  if (!server) return;
  Direction requests(*this, client, server, stop, [&](Waiting& next) {
    meet(parse(std::move(next.frame), connection.number), connection, next);
    if (next.cuts) client.shut_down();
  });
  Direction answers(*this, server, client, stop, [&](Waiting& next) {
    if (next.frame.size() < kAnswerHead) return;
    const std::lock_guard lock(connection.mutex);
    const auto found = connection.answers.find(static_cast<int32_t>(number_at(next.frame, kSizeBytes, 4)));
    if (found == connection.answers.end()) return;
    Connection::Expected& expected = found->second;
    next.api = expected.api;
    next.fault = expected.fault;
    next.swallowed = expected.repeated || (expected.fault != 0 && !expected.by);
    if (expected.by) next.due = std::chrono::steady_clock::now() + *expected.by;
    if (expected.cuts) client.shut_down();
    if (expected.change) next.frame = expected.change(std::move(next.frame), expected.version);
    if (std::exchange(expected.twice, false)) {
      expected.repeated = true;
    } else {
      connection.answers.erase(found);
    }
  });
  std::jthread back([&] {
    answers.run();
    client.shut_down();
  });
  requests.run();
  server.shut_down();
}

}  // namespace freshet::testkit

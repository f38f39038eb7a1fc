#include "testkit/fault_proxy.h"

#include <poll.h>

#include <algorithm>

#include "testkit/child_process.h"

namespace freshet::testkit {
namespace {

std::string answer_of(const Fault& fault) {
  std::string head = "HTTP/1.1 " + std::to_string(fault.status) + " Fault\r\nConnection: Keep-Alive\r\n";
  std::string body = fault.text;
  if (fault.code != 0) {
    head += "X-ClickHouse-Exception-Code: " + std::to_string(fault.code) + "\r\n";
    body = "Code: " + std::to_string(fault.code) + ". DB::Exception: " + fault.text + "\n";
  }
  return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string refusal(int status) {
  Fault fault;
  fault.status = status;
  fault.text = "refused by the proxy";
  return answer_of(fault);
}

// The start line with those parameters of the URL that pass.
std::string passed(const std::string& start_line, const std::set<std::string>& names) {
  const size_t target_begin = start_line.find(' ') + 1;
  const size_t target_end = start_line.rfind(' ');
  const std::string target = start_line.substr(target_begin, target_end - target_begin);
  const size_t query = target.find('?');
  if (query == std::string::npos) return start_line;
  std::string kept;
  for (size_t at = query + 1; at < target.size();) {
    const size_t end = std::min(target.find('&', at), target.size());
    const std::string pair = target.substr(at, end - at);
    if (names.contains(pair.substr(0, pair.find('=')))) kept += (kept.empty() ? "?" : "&") + pair;
    at = end + 1;
  }
  return start_line.substr(0, target_begin) + target.substr(0, query) + kept + start_line.substr(target_end);
}

// True if the peer has closed the connection or sends unexpected data.
bool ended(const Fd& fd, int wait_ms) {
  pollfd poll_fd{fd.get(), POLLIN, 0};
  return ::poll(&poll_fd, 1, wait_ms) != 0;
}

}  // namespace

FaultProxy::FaultProxy(uint16_t server_port) : server_port_(server_port), port_(static_cast<uint16_t>(free_port())) {
  refuse_connections(false);
}

FaultProxy::~FaultProxy() { refuse_connections(true); }

void FaultProxy::refuse_connections(bool refuse) {
  const std::lock_guard lock(listening_);
  if (refuse) {
    listener_.reset();
  } else if (!listener_) {
    listener_ = std::make_unique<LoopbackServer>(
        [this](Fd client, const StopFlag& stop) { serve(std::move(client), stop); }, port_);
  }
}

void FaultProxy::set(const Fault& fault, size_t times) {
  {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
    times_ = times;
    ++version_;
  }
  changed_.notify_all();
}

void FaultProxy::set_rules(const ProxyRules& rules) {
  const std::lock_guard lock(mutex_);
  rules_ = rules;
}

size_t FaultProxy::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

// The answer of a request that does not pass; otherwise changes it.
std::optional<std::string> FaultProxy::apply_rules(WireMessage& request) {
  const std::lock_guard lock(mutex_);
  const bool long_url = request.start_line.size() > rules_.longest_url;
  if (long_url || request.body.size() > rules_.largest_body) {
    ++refused_;
    return refusal(long_url ? 414 : 413);
  }
  if (rules_.passed_parameters) {
    const std::string now = passed(request.start_line, *rules_.passed_parameters);
    request.head.replace(0, request.start_line.size(), now);
    request.start_line = now;
  }
  return std::nullopt;
}

bool FaultProxy::wait_for_faults(size_t count, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return faults_ >= count; });
}

size_t FaultProxy::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

bool FaultProxy::wait_for_held(size_t count, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return held_ >= count; });
}

size_t FaultProxy::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

size_t FaultProxy::answered_late() const {
  const std::lock_guard lock(mutex_);
  return answered_late_;
}

Fault FaultProxy::take_fault(const WireMessage& request, uint64_t& version) {
  Fault taken;
  {
    const std::lock_guard lock(mutex_);
    taken = fault_;
    version = version_;
    const bool passes = taken.inserts_only && request.start_line.find("INSERT") == std::string::npos;
    if (passes || taken.kind == Fault::Kind::None) return Fault();
    ++faults_;
    if (times_ > 0 && --times_ == 0) fault_ = Fault();
  }
  changed_.notify_all();
  return taken;
}

void FaultProxy::serve(Fd client, const StopFlag& stop) {
  const Fd server = connect_to_loopback(server_port_);  // if refused, requests end without an answer
  WireReader from_client(client, stop);
  WireReader from_server(server, stop);
  while (serve_request(from_client, client, from_server, server, stop)) {
  }
}

// False at the end of the connection.
bool FaultProxy::serve_request(WireReader& from_client, Fd& client, WireReader& from_server, const Fd& server,
                               const StopFlag& stop) {
  WireMessage request;
  if (!from_client.read_head(request)) return false;
  uint64_t version = 0;
  const Fault fault = take_fault(request, version);
  if (fault.kind == Fault::Kind::CloseMidBody) {
    from_client.read_body(request, 1);
    close_with_reset(client);
    return false;
  }
  if (!from_client.read_body(request)) return false;
  if (const auto answer = apply_rules(request)) return send_all(client, stop, *answer);
  if (fault.kind == Fault::Kind::Answer) return send_all(client, stop, answer_of(fault));
  if (fault.kind == Fault::Kind::Hang) {
    hang(client, stop, version);
    return false;
  }
  if (fault.kind == Fault::Kind::Hold) return hold(request, client, stop, version);
  WireMessage answer;
  if (!server || !send_all(server, stop, request.head + request.body) || !from_server.read_head(answer) ||
      !from_server.read_body(answer) || fault.kind == Fault::Kind::LoseAnswer) {
    return false;
  }
  const std::string bytes = answer.head + answer.body;
  if (fault.kind == Fault::Kind::CloseMidAnswer) {
    send_all(client, stop, std::string_view(bytes).substr(0, bytes.size() / 2));
    return false;
  }
  return send_all(client, stop, bytes);
}

// Uses a new connection, because the server may have restarted meanwhile; tries until the server answers.
bool FaultProxy::hold(const WireMessage& request, const Fd& client, const StopFlag& stop, uint64_t version) {
  constexpr std::chrono::milliseconds kLookEvery(20);
  {
    std::unique_lock lock(mutex_);
    ++held_;
    changed_.notify_all();
    while (version_ == version && !stop.is_set()) changed_.wait_for(lock, kLookEvery);
  }
  while (!stop.is_set()) {
    const Fd server = connect_to_loopback(server_port_);
    WireReader from_server(server, stop);
    WireMessage answer;
    if (server && send_all(server, stop, request.head + request.body) && from_server.read_head(answer) &&
        from_server.read_body(answer)) {
      {
        const std::lock_guard lock(mutex_);
        ++answered_late_;
      }
      return send_all(client, stop, answer.head + answer.body);
    }
    pollfd stopped{stop.fd(), POLLIN, 0};
    ::poll(&stopped, 1, static_cast<int>(kLookEvery.count()));
  }
  return false;
}

// Waits until the client closes, the fault is changed or the proxy stops.
void FaultProxy::hang(const Fd& client, const StopFlag& stop, uint64_t version) const {
  constexpr int kLookEveryMs = 20;
  while (!stop.is_set() && !ended(client, kLookEveryMs)) {
    const std::lock_guard lock(mutex_);
    if (version_ != version) return;
  }
}

}  // namespace freshet::testkit

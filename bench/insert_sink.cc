#include "insert_sink.h"

#include <utility>

namespace freshet::bench {
namespace {

constexpr const char* kSummary = "X-ClickHouse-Summary";  // freshet expects a header of a ClickHouse server

}  // namespace

InsertSink::InsertSink(int clickhouse_port) : clickhouse_port_(clickhouse_port) {
  server_.new_task_queue = [] { return new httplib::ThreadPool(8); };  // the library takes ownership
  server_.set_keep_alive_max_count(1'000'000);
  server_.set_tcp_nodelay(true);
  server_.Post("/", [this](const auto& request, auto& answer, const auto& read) { serve(request, answer, read); });
  port_ = server_.bind_to_any_port("127.0.0.1");
  thread_ = std::jthread([this] { server_.listen_after_bind(); });
}

InsertSink::~InsertSink() { server_.stop(); }

void InsertSink::serve(const httplib::Request& request, httplib::Response& answer, const httplib::ContentReader& read) {
  const bool insert = request.get_param_value("query").starts_with("INSERT");
  const bool passes = clickhouse_port_ != 0 && (stores_ || !insert);
  std::string body;
  read([&](const char* data, size_t size) {
    if (passes) body.append(data, size);
    return true;
  });
  answer.set_header(kSummary, "{}");
  if (passes && !pass_on(request, body, answer)) return;
  if (!insert) return;
  ++inserts_;
  if (!keeps_) return;
  const std::lock_guard lock(mutex_);
  kept_.push_back({std::chrono::system_clock::now(), std::move(body)});
}

// False: ClickHouse returned an error.
bool InsertSink::pass_on(const httplib::Request& request, const std::string& body, httplib::Response& answer) const {
  httplib::Client client("127.0.0.1", clickhouse_port_);
  client.set_tcp_nodelay(true);
  client.set_read_timeout(120);
  client.set_url_encode(false);  // the target is encoded as the client sent it
  const auto result = client.Post(request.target, body, "application/octet-stream");
  if (!result) {
    answer.status = 502;
    return false;
  }
  answer.status = result->status;
  for (const auto& [name, value] : result->headers) {
    if (name.starts_with("X-ClickHouse") && name != kSummary) answer.set_header(name, value);
  }
  answer.set_content(result->body, result->get_header_value("Content-Type"));
  return result->status == 200;
}

std::vector<InsertSink::Insert> InsertSink::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(kept_, {});
}

}  // namespace freshet::bench

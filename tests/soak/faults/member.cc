#include "member.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>

#include "http/http_client.h"
#include "testkit/freshet_process.h"

namespace freshet::faults {
namespace {

using namespace std::chrono_literals;

// The drain takes 4 s, leaving the group as long as the broker needs.
constexpr std::chrono::seconds kStop(60);
// Before it has installed its handlers, a signal ends the process with the signal's status.
constexpr std::chrono::seconds kStart(5);

}  // namespace

Member::Member(std::string name, std::vector<std::string> args, int clickhouse_port, std::string log_file, RunLog& log)
    : name_(std::move(name)),
      log_(log),
      proxy_(static_cast<uint16_t>(clickhouse_port)),
      admin_(fmt::format("127.0.0.1:{}", testkit::free_port())),
      log_file_(std::move(log_file)),
      command_(std::move(args)) {
  command_.insert(command_.begin(), {testkit::freshet_program(), "run"});
  command_.insert(command_.end(), {"--clickhouse-url", proxy_.url(), "--admin-listen", admin_});
}

void Member::start() {
  process_ = std::make_unique<testkit::ChildProcess>(command_, log_file_);
  started_ = std::chrono::steady_clock::now();
  log_.write(fmt::format("{} started, pid {}", name_, process_->pid()));
}

void Member::kill() {
  expect_running();
  process_->signal(SIGKILL);
  process_->wait(30s);
  process_.reset();
}

void Member::terminate() {
  expect_running();
  const auto begun = std::chrono::steady_clock::now();
  process_->signal(SIGTERM);
  const auto status = process_->wait(kStop);
  const bool early = begun - started_ < kStart && status == 128 + SIGTERM;
  if (!status) log_.find(fmt::format("{} does not end {} s after SIGTERM", name_, kStop.count()));
  if (status && *status != 0 && !early) log_.find(fmt::format("{} ended with status {} after SIGTERM", name_, *status));
  process_.reset();
}

void Member::freeze() { process_->signal(SIGSTOP); }

void Member::thaw() { process_->signal(SIGCONT); }

bool Member::renew() {
  expect_running();
  http::Client client({});
  http::Request request;
  request.method = "POST";
  request.url = fmt::format("http://{}/renew", admin_);
  request.headers = {"X-Freshet-Request: 1"};
  request.timeout = 5s;
  // The admin server of a process that has just started may not listen yet.
  return testkit::eventually(10s, [&] {
    const auto answer = client.send(request);
    return answer && answer->status / 100 == 2;
  });
}

void Member::expect_running() {
  if (process_ && process_->running()) return;
  if (process_) log_.find(fmt::format("{} ended by itself with status {}", name_, process_->wait(0ms).value_or(-1)));
  start();
}

}  // namespace freshet::faults

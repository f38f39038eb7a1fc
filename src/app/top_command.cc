#include "app/top_command.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "app/admin_client.h"
#include "app/terminal.h"
#include "app/top_view.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/terminal_text.h"
#include "base/threads.h"

namespace freshet::app {
namespace {

constexpr Duration kAskEvery = std::chrono::seconds(1);
constexpr std::chrono::milliseconds kAnswerTimeout{3000};
constexpr std::chrono::milliseconds kKeyWait{200};

struct Answered {
  ProcessAnswer answer;
  std::string body;  // JSON, or empty
};

Answered ask(AdminClient& client) {
  const auto response = client.send("GET", "/status", kAnswerTimeout);
  if (!response) {
    ProcessAnswer none;
    none.error = terminal_text(response.error().text);
    return {none, ""};
  }
  return {read_answer(response->status, response->body), response->body};
}

std::string renew(AdminClient& client) {
  const auto response = client.send("POST", "/renew", kAnswerTimeout);
  if (!response) return terminal_text(response.error().text);
  const auto said = json_object(response->body);
  if (response->status == 202 && said) return json_text(*said, "text");
  return "not renewed: " + terminal_text(response->body);
}

// Asks one process every second on its own thread, so that one that does not answer delays no other. Threads: all calls
// by one.
class Watch {
 public:
  Watch(const std::string& address, const std::string& token, Clock& clock) {
    thread_ = start_thread("top_watch", [this, address, token, &clock](std::stop_token stop) {
      AdminClient client(address, token, stop);
      do {
        Answered answered = ask(client);
        if (stop.stop_requested()) return;
        MutexLock lock(mutex_);
        latest_ = std::move(answered.answer);
      } while (sleep_interruptibly(clock, stop, kAskEvery));
    });
  }
  // The answer that came since the last call. Without a thread: why there is none.
  std::optional<ProcessAnswer> take() {
    if (!thread_) {
      ProcessAnswer none;
      none.error = thread_.error().text;
      return none;
    }
    MutexLock lock(mutex_);
    return std::exchange(latest_, std::nullopt);
  }

 private:
  Mutex mutex_;
  std::optional<ProcessAnswer> latest_ GUARDED_BY(mutex_);
  Result<std::jthread> thread_ = failure(ErrorKind::Retry, "");  // last: it uses the others
};

void watch(const settings::Settings& settings, Clock& clock, const std::stop_token& stop, Terminal terminal) {
  const std::vector<std::string>& addresses = settings.admin_addresses;
  TopView view(addresses);
  std::vector<std::unique_ptr<Watch>> watches;
  for (const std::string& address : addresses) {
    watches.push_back(std::make_unique<Watch>(address, settings.admin.token.reveal(), clock));
  }
  while (!stop.stop_requested()) {
    for (size_t i = 0; i < watches.size(); ++i) {
      if (auto answer = watches[i]->take()) view.process(i).update(*std::move(answer), clock.steady_now());
    }
    terminal.show(view.render(terminal.size()));
    const auto key = terminal.key(kKeyWait);
    if (!key) continue;
    const TopView::Action action = key->empty() ? TopView::Action::Quit : view.press(*key);
    if (action == TopView::Action::Quit) return;
    if (action != TopView::Action::Renew) continue;
    AdminClient client(addresses[view.selected()], settings.admin.token.reveal(), stop);
    view.say(renew(client));
  }
}

int print_once(const settings::Settings& settings, Clock& clock, const std::stop_token& stop, std::ostream& out) {
  TopView view(settings.admin_addresses);
  bool all_good = true;
  for (size_t i = 0; i < settings.admin_addresses.size(); ++i) {
    AdminClient client(settings.admin_addresses[i], settings.admin.token.reveal(), stop);
    Answered answered = ask(client);
    all_good = all_good && answered.answer.good;
    if (settings.json) {
      nlohmann::ordered_json line{{"process", settings.admin_addresses[i]}};
      if (answered.answer.error.empty()) line["status"] = parse_ordered_json(answered.body);
      if (!answered.answer.error.empty()) line["error"] = answered.answer.error;
      out << to_json_text(line) << '\n';
    }
    view.process(i).update(std::move(answered.answer), clock.steady_now());
  }
  if (!settings.json) {
    for (const std::string& line : view.table()) out << line << '\n';
  }
  return all_good ? 0 : 1;
}

}  // namespace

int top(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out) {
  if (!settings.once && !settings.json) {
    if (auto terminal = Terminal::open()) {
      watch(settings, clock, stop, *std::move(terminal));
      return 0;
    }
  }
  return print_once(settings, clock, stop, out);
}

}  // namespace freshet::app

#include "app/last_resort.h"

#include <cxxabi.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>
#include <typeinfo>

namespace freshet::app {
namespace {

constexpr size_t kReserve = 16 << 20;
constexpr unsigned kStopMayTake = 30;  // seconds; a library that was refused memory may wait for ever
constexpr std::string_view kShort =
    "freshet: memory is short: it stops in order (nothing is lost); give it more, or use a lower "
    "--memory-limit-bytes\n";
constexpr std::string_view kShortAtOnce =
    "freshet: memory is short: it ends at once, and the next start reads again what was not committed\n";

std::atomic<void*> reserve{nullptr};
std::atomic<bool> is_short{false};
std::atomic<int> told{-1};  // the descriptor that becomes readable

// Allocates nothing, and waits for no reader.
void say(std::string_view text) noexcept {
  pollfd err{STDERR_FILENO, POLLOUT, 0};
  if (poll(&err, 1, 0) <= 0) return;
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

void on_failed_allocation() {
  void* const kept = reserve.exchange(nullptr);
  if (kept == nullptr) throw std::bad_alloc();
  is_short.store(true);
  std::free(kept);
  say(kShort);
  alarm(kStopMayTake);
  const uint64_t one = 1;
  if (write(told.load(), &one, sizeof one) < 0) return;  // then the alarm ends it
}

// A library that gets no memory calls abort().
bool can_be_mapped(size_t bytes) noexcept {
  void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return false;
  munmap(mapped, bytes);
  return true;
}

void on_alarm(int) {
  say(kShortAtOnce);
  _exit(kOutOfMemory);
}

void on_abort(int) {
  if (!is_short.load() && can_be_mapped(kReserve)) return;  // behind the handler abort() goes on
  say(kShortAtOnce);
  _exit(kOutOfMemory);
}

bool for_want_of_memory() noexcept {
  const std::exception_ptr error = std::current_exception();
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (const std::system_error& e) {  // a thread that cannot be started
    return e.code() == std::errc::resource_unavailable_try_again || e.code() == std::errc::not_enough_memory;
  } catch (...) {
    return false;
  }
}

// What the error says may be of a message: its type is told.
[[noreturn]] void on_terminate() noexcept {
  if (for_want_of_memory()) {
    say(kShortAtOnce);
    _exit(kOutOfMemory);
  }
  const std::type_info* const type = std::current_exception() ? abi::__cxa_current_exception_type() : nullptr;
  say("freshet: ended by an error that nobody caught: ");
  say(type == nullptr ? "unknown" : type->name());
  say("; this is a bug, please report it\n");
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

}  // namespace

int watch_for_shortage_of_memory() {
  reserve.store(std::malloc(kReserve));
  told.store(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::set_new_handler(on_failed_allocation);
  std::set_terminate(on_terminate);
  struct sigaction action {};
  action.sa_handler = on_abort;
  sigaction(SIGABRT, &action, nullptr);
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, nullptr);
  return told.load();
}

bool memory_is_short() noexcept { return is_short.load(); }

void allow_core_dumps(bool allowed) {
  rlimit limit{};
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = allowed ? limit.rlim_max : 0;
  setrlimit(RLIMIT_CORE, &limit);
  prctl(PR_SET_DUMPABLE, allowed ? 1 : 0);
}

}  // namespace freshet::app

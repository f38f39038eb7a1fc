#include "app/last_resort.h"

#include <cxxabi.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

#include "base/threads.h"

namespace freshet::app {
namespace {

constexpr size_t kReserve = 16 << 20;
constexpr unsigned kStopMayTake = 30;  // seconds; a library that was refused memory may wait forever
constexpr std::string_view kShort =
    "freshet: memory is short: it stops in order (nothing is lost); give it more, or use a lower "
    "--memory-limit-bytes\n";
constexpr std::string_view kShortAtOnce =
    "freshet: memory is short: it ends at once, and the next start reads again what was not committed\n";
constexpr std::string_view kNoThreadAtOnce =
    "freshet: the system refuses a new thread: raise the limit of processes (ulimit -u, or pids.max of the container) "
    "or of memory (ulimit -v); it ends at once, and the next start reads again what was not committed\n";

std::atomic<void*> reserve{nullptr};
std::atomic<bool> is_short{false};
std::atomic<int> told{-1};  // the descriptor that becomes readable

// Does not allocate, and drops the text if standard error is not writable.
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
  if (write(told.load(), &one, sizeof one) < 0) return;  // the alarm will end the process
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

// If the system refuses a thread, it refuses a process, too: both count against the same limits.
bool a_process_can_begin() noexcept {
  const pid_t child = vfork();
  if (child == 0) _exit(0);
  if (child < 0) return false;
  waitpid(child, nullptr, 0);
  return true;
}

// The shortage that may have made a library give up; empty = it gave up for another reason.
std::string_view shortage() noexcept {
  if (is_short.load() || !can_be_mapped(kReserve)) return kShortAtOnce;
  return a_process_can_begin() ? std::string_view() : kNoThreadAtOnce;
}

void on_abort(int) {
  const std::string_view found = shortage();
  if (found.empty()) return;  // after this handler returns, abort() proceeds
  say(found);
  _exit(kOutOfMemory);
}

// The shortage that the uncaught error reports; empty = none. With g++ 12, current_exception() is empty for an error
// that left a noexcept function.
std::string_view shortage_in_error() noexcept {
  const std::exception_ptr error = std::current_exception();
  if (!error) return shortage();
  try {
    std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    return kShortAtOnce;
  } catch (const ThreadRefused&) {
    return kNoThreadAtOnce;
  } catch (const std::system_error& e) {
    if (e.code() == std::errc::not_enough_memory) return kShortAtOnce;
    if (e.code() == std::errc::resource_unavailable_try_again) return kNoThreadAtOnce;
  } catch (...) {
  }
  return {};
}

// Prints the type of the error only, because its text may quote a message.
[[noreturn]] void on_terminate() noexcept {
  if (const std::string_view found = shortage_in_error(); !found.empty()) {
    say(found);
    _exit(kOutOfMemory);
  }
  const std::type_info* const type = std::current_exception() ? abi::__cxa_current_exception_type() : nullptr;
  say("freshet: ended by an uncaught exception: ");
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

bool out_of_memory() noexcept { return is_short.load(); }

void allow_core_dumps(bool allowed) {
  rlimit limit{};
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = allowed ? limit.rlim_max : 0;
  setrlimit(RLIMIT_CORE, &limit);
  prctl(PR_SET_DUMPABLE, allowed ? 1 : 0);
}

}  // namespace freshet::app

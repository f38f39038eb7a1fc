#include "app/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <system_error>
#include <utility>

#include "base/threads.h"

namespace freshet::app {

SignalWatcher::SignalWatcher(std::initializer_list<int> signals, std::function<void(int)> on_signal, Awaited awaited)
    : on_signal_(std::move(on_signal)), awaited_(std::move(awaited)) {
  sigemptyset(&set_);
  for (const int signal : signals) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  signal_fd_ = signalfd(-1, &set_, SFD_CLOEXEC);
  end_fd_ = eventfd(0, EFD_CLOEXEC);
  if (signal_fd_ < 0 || end_fd_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  thread_ = needed_thread("signals", [this] { watch(); });
}

SignalWatcher::~SignalWatcher() {
  const uint64_t one = 1;
  if (write(end_fd_, &one, sizeof one) == sizeof one) thread_.join();
  close(signal_fd_);
  close(end_fd_);
}

void SignalWatcher::watch() {
  while (true) {
    std::array<pollfd, 3> fds = {pollfd{signal_fd_, POLLIN, 0}, pollfd{end_fd_, POLLIN, 0},
                                 pollfd{awaited_.descriptor, POLLIN, 0}};  // poll() ignores descriptor -1
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    if ((fds[1].revents & POLLIN) != 0) return;
    if ((fds[2].revents & POLLIN) != 0) {
      awaited_.descriptor = -1;
      awaited_.on_ready();
    }
    if ((fds[0].revents & POLLIN) == 0) continue;
    signalfd_siginfo info{};
    if (read(signal_fd_, &info, sizeof info) == sizeof info) on_signal_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace freshet::app

// CPU time of processes.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

namespace freshet::bench {

// Seconds of user and system time, of a process that ended.
inline double cpu_seconds(const rusage& usage) {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Of a running process: of all its threads, also of those that ended. 0 if it does not exist.
inline double cpu_seconds(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace freshet::bench

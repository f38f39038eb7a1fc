// Handles memory shortage and uncaught errors: prints a sentence, stops in order if possible, and sets the exit status.
#pragma once

namespace freshet::app {

// exit status; also if the system refuses a thread that the process cannot work without
constexpr int kOutOfMemory = 3;

// Call first in main(). At the first failed allocation, reserved memory is freed, the returned descriptor becomes
// readable, and the allocation is retried; the reader of the descriptor starts a stop, which drains with the freed
// memory. (A signal would not be distinguishable from the operator's.) If an allocation fails even so, std::bad_alloc
// is thrown. If nobody catches it, a library aborts, or the stop takes longer than half a minute, the process exits
// immediately with kOutOfMemory.
int watch_for_shortage_of_memory();

// True if memory was short; a stop for that reason is in progress.
bool out_of_memory() noexcept;

// A core dump would contain passwords and messages. Unless `allowed`, there is none, and other processes of the same
// user cannot read this one's memory or environment.
void allow_core_dumps(bool allowed);

}  // namespace freshet::app

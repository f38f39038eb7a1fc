// What happens when memory is short or an error is caught by nobody: a sentence and an exit status, and where it is
// possible an orderly stop.
#pragma once

namespace freshet::app {

constexpr int kOutOfMemory = 3;  // exit status; also where the system refuses a thread and nobody has an answer to it

// For the life of the process, from its first lines on. At the first allocation that fails, memory that was kept back
// is freed, the returned descriptor becomes readable, and the allocation is tried again: whoever waits for the
// descriptor begins a stop, which drains with what was kept back. (No signal says so: it could not be told from the
// operator's own.) An allocation that fails even so throws std::bad_alloc; where nobody catches it, a library gives up,
// or the stop takes longer than half a minute, the process ends at once with kOutOfMemory.
int watch_for_shortage_of_memory();

// Whether the stop that is under way is for want of memory.
bool out_of_memory() noexcept;

// A core dump would hold passwords and messages: there is none, and no other process of the same user reads this
// one's memory or environment, until `allowed`.
void allow_core_dumps(bool allowed);

}  // namespace freshet::app

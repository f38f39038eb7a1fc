#!/usr/bin/env python3
"""usage: cpu_groups.py PERF-DATA ROWS [FREQUENCY]

Groups what perf recorded of freshet by thread and by what the thread did, in microseconds of CPU time per row:

    perf record -e cpu-clock -F 2999 -g -o build/perf.data build/release/freshet-bench-total --only freshet --runs 1 --rows 0
    python3 tools/dev/cpu_groups.py build/perf.data 1000000
"""
import collections
import re
import subprocess
import sys

# The first group counts of which a frame of the stack has one of the texts; a sample in the kernel belongs to KERNEL.
KERNEL = [
    ("page faults", ["exc_page_fault"]),
    ("sending", ["sendmsg", "sendto"]),
    ("receiving", ["recvmsg", "recvfrom"]),
    ("waiting", ["futex", "poll", "nanosleep"]),
    ("giving memory back", ["madvise", "munmap", "brk", "mmap"]),
]
PROGRAM = [
    ("LZ4", ["LZ4_compress", "LZ4F_", "LZ4_decompress"]),
    ("CityHash", ["hash_long", "city_hash"]),
    ("rows to columns", ["RowReader", "NativeBlock"]),
    ("check of the JSON text", ["check_json"]),
    ("JSON to rows", ["freshet::processors"]),
    ("batches, chunks", ["freshet::stream"]),
    ("other code of freshet", ["freshet::"]),
]
LIBRARIES = [("librdkafka", "librdkafka"), ("libcurl", "libcurl")]


def group_of(stack):
    symbols = " ".join(symbol for symbol, _ in stack)
    libraries = " ".join(library for _, library in stack)
    if "kernel" in stack[0][1]:
        return next((name for name, texts in KERNEL if any(text in symbols for text in texts)), "other system calls")
    for symbol, _ in stack:
        for name, texts in PROGRAM:
            if any(text in symbol for text in texts):
                return name
    return next((name for name, text in LIBRARIES if text in libraries), "other")


def samples(path):
    """(process, thread, stack) of each sample; a stack begins with the innermost frame."""
    script = subprocess.Popen(["perf", "script", "-i", path, "-F", "comm,pid,tid,ip,sym,dso"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, errors="replace")
    process, thread, stack = 0, "", []
    for line in script.stdout:
        head = re.match(r"\s*(\S.*?)\s+(\d+)/(\d+)\s*$", line)
        frame = re.match(r"\s+[0-9a-f]+ (.*) \(([^()]*)\)\s*$", line)
        if head:
            thread, process, stack = head[1], int(head[2]), []
        elif frame:
            stack.append((frame[1], frame[2]))
        elif stack:
            yield process, thread, stack
            stack = []
    if stack:
        yield process, thread, stack


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    scale = 1e6 / float(sys.argv[3] if len(sys.argv) == 4 else 2999) / float(sys.argv[2])
    counts = collections.defaultdict(collections.Counter)  # by process
    for process, thread, stack in samples(sys.argv[1]):
        counts[process][re.sub(r"[-:/]?\d+$", "", thread), group_of(stack)] += 1
    freshet = next((count for count in counts.values() if any(thread == "writer" for thread, _ in count)), None)
    if freshet is None:
        sys.exit("no process has a thread `writer`")
    threads = collections.Counter()
    for (thread, _), count in freshet.items():
        threads[thread] += count
    print(f"{'all':<24}{sum(threads.values()) * scale:6.2f}")
    for thread, total in threads.most_common():
        if total * scale < 0.01:
            continue
        print(f"{thread:<24}{total * scale:6.2f}")
        for (of, group), count in freshet.most_common():
            if of == thread and count * scale >= 0.01:
                print(f"    {group:<24}{count * scale:6.2f}")


if __name__ == "__main__":
    main()

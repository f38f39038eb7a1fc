"""Checks rules of this project that a compiler does not check; see modules.sh."""
import pathlib
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#include "([a-z_]+)/([^"]+)"', re.M)
CLOCK = re.compile(r"_clock::now\(|\bclock_gettime\(|\bgettimeofday\(|\bsleep_for\(|\bsleep_until\(|\busleep\(|(?<![\w.])sleep\(")
METRIC = re.compile(r"\b(?:counter|gauge|histogram)\(\s*\"")
ABORTING = re.compile(r"\brd_kafka_(?:DescribeConsumerGroups|DeleteGroups|(?:List|Alter|Delete)ConsumerGroupOffsets)\(")
TESTS_ONLY = re.compile(r"_test\.(cc|h)$")


def declared(module):
    text = (module / "CMakeLists.txt").read_text()
    call = re.search(r"freshet_module\(([^)]*)\)", text)
    if not call:
        return None, None, None
    words, lists, key = call.group(1).split(), {}, "NAME"
    for word in words:
        if word in ("DEPS", "LIBS", "TEST_DEPS", "SETTINGS_OF"):
            key = word
        else:
            lists.setdefault(key, []).append(word)
    return set(lists.get("DEPS", [])), set(lists.get("TEST_DEPS", [])), set(lists.get("SETTINGS_OF", []))


def check(source):
    problems = []
    modules = {p.parent.name: p.parent for p in sorted(source.glob("*/CMakeLists.txt"))}
    edges = {}
    for name, folder in modules.items():
        deps, test_deps, settings_of = declared(folder)
        if deps is None:
            continue
        edges[name] = deps
        for file in sorted(folder.rglob("*.[ch]*")):
            if file.suffix not in (".cc", ".h"):
                continue
            text = file.read_text()
            allowed = deps | {name} | (test_deps if TESTS_ONLY.search(file.name) else set())
            for module, header in INCLUDE.findall(text):
                if module in allowed or (module in settings_of and header == f"{module}_settings.h"):
                    continue
                problems.append(f"{file}: includes {module}/{header}, but {name} does not declare {module}")
            if name not in ("base", "testkit") and not TESTS_ONLY.search(file.name) and CLOCK.search(text):
                problems.append(f"{file}: reads a clock or sleeps; take a Clock (base/clock.h)")
            if name not in ("base", "testkit") and not TESTS_ONLY.search(file.name) and METRIC.search(text):
                if file.name != f"{name}_metrics.h":
                    problems.append(f"{file}: registers a metric; declare it in {name}_metrics.h")
            if ABORTING.search(text):
                problems.append(f"{file}: librdkafka may abort the process in this call; see docs/adr/0005")
    for name in edges:
        reached, todo = set(), list(edges[name])
        while todo:
            module = todo.pop()
            if module not in reached:
                reached.add(module)
                todo += edges.get(module, [])
        if name in reached:
            problems.append(f"{name}: depends on itself through {sorted(reached)}")
    return problems


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder)
        for name, deps, code in (("a", "b", '#include "b/x.h"\n'), ("b", "a", '#include "c/y.h"\nstd::chrono::steady_clock::now();\nm.counter(\n\"x\");\nrd_kafka_DeleteGroups(c);\n')):
            (source / name).mkdir()
            (source / name / "CMakeLists.txt").write_text(f"freshet_module({name} DEPS {deps})\n")
            (source / name / "x.cc").write_text(code)
        problems = "\n".join(check(source))
        for expected in ("includes c/y.h", "reads a clock", "declare it in b_metrics.h", "abort the process", "a: depends on itself"):
            if expected not in problems:
                return [f"self-test: not found: {expected}"]
    return []


problems = self_test() or check(pathlib.Path(__file__).resolve().parents[2] / "src")
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)

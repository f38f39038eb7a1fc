"""Adds up GoogleTest results; a test program without results (crash, time-out, not built) counts as one failure, and so does a
skipped test, unless its reason begins as --may-skip says."""
import argparse
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml


def cases(report):
    for suite in json.loads(report.read_text())["testsuites"]:
        yield from suite["testsuite"]


def reason_of_skip(name, output):
    found = re.search(rf"^\[ RUN      \] {re.escape(name)}\n.*?: Skipped\n(.*?)\n", output, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failed-parts", type=int, default=0)
    parser.add_argument("--may-skip", metavar="BEGINNING", help="of the reasons of skips that are no failures")
    parser.add_argument("summaries", nargs="+", type=pathlib.Path, help="ctest's JUnit files, beside the programs' results")
    args = parser.parse_args()
    passed, failed, skipped = 0, args.failed_parts, 0
    for summary in args.summaries:
        folder = summary.parent
        if not summary.exists():
            failed += 1
            print(f"no results in {summary}", file=sys.stderr)
            continue
        for entry in xml.parse(summary).getroot().iter("testcase"):
            report = folder / (entry.get("name") + ".json")
            program_failed = entry.get("status") != "run"
            bad = 0
            if report.exists():
                output = entry.findtext("system-out") or ""
                for case in cases(report):
                    name = f"{case['classname']}.{case['name']}"
                    reason = reason_of_skip(name, output) if case.get("result") == "SKIPPED" else ""
                    if args.may_skip and reason.startswith(args.may_skip):
                        skipped += 1
                        print(f"skipped {folder.parent.name} {name}: {reason}", file=sys.stderr)
                    elif case.get("result") == "SKIPPED" or case.get("failures"):
                        bad += 1
                        print(f"FAILED {folder.parent.name} {name}", file=sys.stderr)
                    else:
                        passed += 1
            if program_failed and bad == 0:
                bad = 1
                print(f"FAILED {folder.parent.name} {entry.get('name')}", file=sys.stderr)
            elif not report.exists():
                passed += 1
            failed += bad
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if args.may_skip else ""))
    return 1 if failed or not passed else 0


sys.exit(main())

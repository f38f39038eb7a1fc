"""Adds up GoogleTest results; a test program without results (crash, time-out, not built) counts as one failure."""
import argparse
import json
import pathlib
import sys
import xml.etree.ElementTree as xml


def cases(report):
    for suite in json.loads(report.read_text())["testsuites"]:
        yield from suite["testsuite"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failed-parts", type=int, default=0)
    parser.add_argument("summaries", nargs="+", type=pathlib.Path, help="ctest's JUnit files, beside the programs' results")
    args = parser.parse_args()
    passed, failed = 0, args.failed_parts
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
                for case in cases(report):
                    if case.get("result") == "SKIPPED" or case.get("failures"):
                        bad += 1
                        print(f"FAILED {folder.parent.name} {case['classname']}.{case['name']}", file=sys.stderr)
                    else:
                        passed += 1
            if program_failed and bad == 0:
                bad = 1
                print(f"FAILED {folder.parent.name} {entry.get('name')}", file=sys.stderr)
            elif not report.exists():
                passed += 1
            failed += bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())

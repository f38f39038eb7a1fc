#!/usr/bin/env python3
"""Tests the alert rules and the dashboard: their syntax, when alerts fire, and that what they name exists."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import queries

PROMTOOL = os.environ.get("FRESHET_DEV_PROMTOOL", "promtool")


def promtool(*arguments):
    done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def metrics_of_the_source():
    """The names in the headers that register metrics."""
    names = set()
    for header in queries.ROOT.glob("src/*/*_metrics.h"):
        names.update(re.findall(r'"((?:freshet|process)_\w+)"', header.read_text()))
    return names


def documented():
    """{metric: its line in docs/metrics.md}"""
    out = {}
    for line in (queries.ROOT / "docs/metrics.md").read_text().splitlines():
        cells = line.split(" | ")
        for name in re.findall(r"`((?:freshet|process)_\w+)`", cells[0]) if line.startswith("| `") else []:
            out[name] = line
    return out


def anchors():
    """The anchors of docs/operations.md, as GitHub and most renderers make them."""
    text = (queries.ROOT / "docs/operations.md").read_text()
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.M)}


class Rules(unittest.TestCase):
    def alerts(self):
        found = [rule for rule in queries.rules() if "alert" in rule]
        self.assertGreater(len(found), 30)
        return found

    def test_they_are_valid(self):
        status, output = promtool("check", "rules", str(queries.RULES))
        self.assertEqual(status, 0, output)
        self.assertIn(f"{len(queries.rules())} rules found", output)

    def test_each_alert_fires_when_it_should(self):
        status, output = promtool("test", "rules", str(queries.ROOT / "tests/monitoring/rules_test.yml"))
        self.assertEqual(status, 0, output)

    def test_each_alert_has_a_test(self):
        tests = (queries.ROOT / "tests/monitoring/rules_test.yml").read_text()
        for rule in self.alerts():
            self.assertIn(f'alertname="{rule["alert"]}"', tests)

    def test_each_alert_has_severity_texts_and_a_runbook(self):
        known = anchors()
        for rule in self.alerts():
            with self.subTest(rule["alert"]):
                self.assertIn(rule["severity"], {"critical", "warning"})
                self.assertTrue(rule["summary"] and rule["description"])
                page, anchor = rule["runbook_url"].split("#")
                self.assertEqual(page, "docs/operations.md")
                self.assertEqual(anchor, rule["alert"].lower())
                self.assertIn(anchor, known)

    def test_each_link_inside_the_runbook_has_its_heading(self):
        text = (queries.ROOT / "docs/operations.md").read_text()
        for anchor in re.findall(r"\]\(#([\w-]+)\)", text):
            self.assertIn(anchor, anchors())


class Queries(unittest.TestCase):
    def test_each_metric_is_in_the_source_and_documented(self):
        source, docs = metrics_of_the_source(), documented()
        self.assertGreater(len(source), 80)
        for query in queries.all_queries():
            for name, _ in queries.selectors(query):
                metric = name if name in source else queries.family(name)
                self.assertTrue(metric in source, f"{metric} is in no *_metrics.h: {query}")
                self.assertTrue(metric in docs, f"{metric} is not in docs/metrics.md: {query}")

    def test_each_label_and_value_is_documented(self):
        docs = documented()
        for query in queries.all_queries():
            for name, matchers in queries.selectors(query):
                line = docs[name if name in docs else queries.family(name)]
                for label, value in matchers.items():
                    if label not in queries.ADDED_LABELS:
                        self.assertIn(f"`{label}`", line.split(" | ")[2], f"{name}: {query}")
                        self.assertTrue(value == "x" or f"`{value}`" in line or f'{label}="{value}"' in line,
                                        f"{name}: {label}={value} is not in docs/metrics.md")

    def test_each_label_of_a_grouping_belongs_to_a_metric_of_the_query(self):
        docs = documented()
        for query in queries.all_queries():
            known = set(queries.ADDED_LABELS)
            for name, _ in queries.selectors(query):
                line = docs[name if name in docs else queries.family(name)]
                known.update(re.findall(r"`(\w+)`", line.split(" | ")[2]))
            self.assertLessEqual(set(queries.grouping_labels(query)), known, query)


class Dashboard(unittest.TestCase):
    def test_the_file_is_what_the_script_writes(self):
        script = queries.ROOT / "packaging/grafana/dashboard.py"
        done = subprocess.run(["python3", str(script), "--check"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_it_has_what_grafana_needs(self):
        board = queries.dashboard()
        self.assertGreaterEqual(board["schemaVersion"], 38)  # Grafana 10
        self.assertNotIn("id", board)  # would be that of another dashboard
        self.assertEqual([one["name"] for one in board["templating"]["list"]],
                         ["datasource", "job", "consumer_group", "instance"])
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in queries.panels():
            with self.subTest(panel["title"]):
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                self.assertIn(panel["type"], {"timeseries", "stat", "table"})
                references = [target["refId"] for target in panel["targets"]]
                self.assertEqual(len(references), len(set(references)))
                self.assertTrue(all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"]))

    def test_panels_do_not_overlap(self):
        taken = set()
        for panel in queries.dashboard()["panels"]:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertLessEqual(max(x for x, _ in cells), 23)
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells

    def test_each_query_selects_by_job_and_instance_and_is_valid(self):
        lines = ["groups:", " - name: dashboard", "   rules:"]
        for index, query in enumerate(queries.dashboard_queries()):
            for name, matchers in queries.selectors(query):
                self.assertLessEqual({"job", "instance"}, set(matchers), f"{name}: {query}")
            quoted = query.replace("'", "''")
            lines += [f"    - record: query_{index}", f"      expr: '{quoted}'"]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "queries.yml"
            file.write_text("\n".join(lines) + "\n")
            status, output = promtool("check", "rules", str(file))
        self.assertEqual(status, 0, output)


if __name__ == "__main__":
    unittest.main()

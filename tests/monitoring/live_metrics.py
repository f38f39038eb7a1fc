#!/usr/bin/env python3
"""usage: live_metrics.py FILE [METRIC...]

Checks that each metric and label of the rules and the dashboard is in FILE, an answer of /metrics. METRIC may be absent.
"""
import collections
import pathlib
import re
import sys

import queries

# Exist after an event, or with a setting, that the test which wrote the file does not have.
ABSENT = {
    "freshet_side_records_total": "Snuba's side topics",
    "freshet_kafka_errors_total": "an error of the Kafka client",
    "freshet_inserts_sent_as_json_total": "an insert that the server refuses as Native",
    "freshet_statsd_payloads_total": "--statsd",
    "freshet_otlp_log_records_dropped_total": "OTEL_EXPORTER_OTLP_ENDPOINT",
    "freshet_sentry_events_total": "--sentry-dsn-file",
    "freshet_secret_failures_total": "a secret from a file or a command",
}


def main():
    labels = collections.defaultdict(set)
    for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
        if sample := re.match(r"(\w+)(?:\{(.*)\})? \S+$", line):
            labels[sample[1]].update(re.findall(r'(\w+)="', sample[2] or ""), {"job", "instance"})
    faults = set()
    for query in queries.all_queries():
        for name, matchers in queries.selectors(query):
            if name not in labels:
                if name not in ABSENT and name not in sys.argv[2:]:
                    faults.add(f"{name} is not in /metrics: {query}")
            elif missing := set(matchers) - labels[name]:
                faults.add(f"{name} has no label {', '.join(missing)}: {query}")
    sys.exit("\n".join(sorted(faults)) or 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes freshet.json, the Grafana dashboard, from the tables below. usage: dashboard.py [--check]

--check compares with the file instead. docs/metrics.md explains each metric.
"""
import json
import pathlib
import sys

FILE = pathlib.Path(__file__).with_name("freshet.json")
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
SELECTED = 'job=~"$job",instance=~"$instance"'
WIDTH = 24  # of Grafana's grid


def of(name, *matchers):
    """A selector of the chosen instances."""
    return f"{name}{{{','.join([SELECTED, *matchers])}}}"


def rate(name, *matchers, by="instance"):
    return f"sum by ({by}) (rate({of(name, *matchers)}[$__rate_interval]))"


def total(name, *matchers, by="instance"):
    return f"sum by ({by}) ({of(name, *matchers)})"


def percentile(p, histogram, *matchers, by="le"):
    return f"histogram_quantile({p}, {rate(histogram + '_bucket', *matchers, by=by)})"


def percentiles(histogram, *matchers):
    return [(percentile(p, histogram, *matchers), name) for p, name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))]


def chart(title, unit, queries, text="", width=8, stack=False):
    return {"kind": "timeseries", "title": title, "unit": unit, "queries": queries, "text": text, "width": width,
            "stack": stack}


def number(title, unit, query, text="", red_above=None, red_below=None):
    return {"kind": "stat", "title": title, "unit": unit, "queries": [(query, "")], "text": text, "width": 4,
            "stack": False, "red_above": red_above, "red_below": red_below}


BROKER = 'of="broker"'
INSERTS = 'pool="clickhouse"'
PROCESSING = 'pool="process_message"'

ROWS = {
    "Overview": [
        number("Ready", "percent", f"sum({of('freshet_ready')}) / count({of('freshet_ready')}) * 100",
               "Percentage of the processes that answer /ready with 200.", red_below=100),
        number("Lag", "short", f"sum({of('freshet_consumer_lag')})", "Messages that are not committed."),
        number("Rows per second", "short", f"sum(rate({of('freshet_rows_written_total')}[$__rate_interval]))"),
        number("Blocked partitions", "short", f"sum({of('freshet_partitions_blocked')})",
               "They wait for an operator.", red_above=1),
        number("Failed inserts per second", "short",
               f"sum(rate({of('freshet_insert_errors_total')}[$__rate_interval])) or vector(0)"),
        number("Oldest message p99", "s", percentile(0.99, "freshet_batch_latency_seconds", BROKER, 'stat="max"'),
               "From the broker's timestamp of a batch's oldest message until the batch is stored."),
        chart("Lag by instance", "short", [(total("freshet_consumer_lag"), "{{instance}}")], stack=True),
        chart("Lag by partition, the greatest ten", "short",
              [(f"topk(10, sum by (topic, partition) ({of('freshet_consumer_lag')}))", "{{topic}} {{partition}}")]),
        chart("Backlog in seconds", "s",
              [(f"sum({of('freshet_consumer_lag')}) / sum(rate({of('freshet_messages_consumed_total')}[$__rate_interval]))",
                "lag / rate")], "How long the lag takes at the present rate."),
        chart("Messages and rows per second", "short",
              [(rate("freshet_messages_consumed_total"), "messages {{instance}}"),
               (rate("freshet_rows_written_total"), "rows {{instance}}")]),
        chart("Bytes stored per second", "Bps",
              [(rate("freshet_bytes_written_total"), "uncompressed {{instance}}"),
               (rate("freshet_insert_compressed_bytes_total"), "compressed {{instance}}")]),
        chart("From the broker to the table", "s",
              percentiles("freshet_batch_latency_seconds", BROKER, 'stat="mean"')
              + [(percentile(0.99, "freshet_batch_latency_seconds", BROKER, 'stat="max"'), "p99 of the oldest")],
              "Age of a batch's messages when the batch is stored."),
    ],
    "Kafka and renewals": [
        chart("Renewals per hour", "short",
              [(f"sum by (reason, mode, result) (increase({of('freshet_renewals_total')}[1h]))",
                "{{reason}} {{mode}} {{result}}")], stack=True),
        chart("Pause of a renewal", "s",
              [(f"histogram_quantile({p}, sum by (le) (increase({of('freshet_renewal_pause_seconds_bucket')}[1h])))", name)
               for p, name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))],
              "From the last message of a consumer to the first one of the next, over an hour."),
        chart("Age of the consumer", "s", [(of("freshet_consumer_age_seconds"), "{{instance}}")]),
        chart("Commits per second", "short", [(rate("freshet_commits_total", by="result"), "{{result}}")]),
        chart("Rebalances per hour", "short",
              [(f"sum by (instance) (increase({of('freshet_rebalances_total')}[1h]))", "{{instance}}")]),
        chart("Time to answer a rebalance, p90", "s",
              [(percentile(0.9, "freshet_rebalance_seconds", by="le, step"), "{{step}}")]),
        chart("Kafka errors per second", "short", [(rate("freshet_kafka_errors_total", by="error"), "{{error}}")]),
        chart("Partitions", "short",
              [(total("freshet_partitions_assigned"), "assigned {{instance}}"),
               (total("freshet_partitions_paused"), "paused {{instance}}"),
               (total("freshet_partitions_stuck"), "stuck {{instance}}")]),
        chart("Messages in librdkafka's queue", "short",
              [(total("freshet_librdkafka_fetch_queue_messages"), "{{instance}}")]),
    ],
    "Processing": [
        chart("Busy workers", "short", [(rate("freshet_processing_seconds_total"), "busy {{instance}}"),
                                        (total("freshet_pool_threads", PROCESSING), "threads {{instance}}")],
              "Near the number of threads: raise --concurrency."),
        chart("Chunks that wait or run", "short", [(total("freshet_pool_tasks", PROCESSING), "{{instance}}")]),
        chart("Main loop", "percentunit", [(rate("freshet_loop_busy_seconds_total"), "busy {{instance}}")]),
        chart("Backpressure", "percentunit", [(rate("freshet_backpressure_seconds_total"), "{{instance}}")],
              "Share of the time in which partitions are paused because memory is full."),
        chart("Skipped and abandoned messages per second", "short",
              [(rate("freshet_messages_skipped_total"), "skipped {{instance}}"),
               (rate("freshet_messages_abandoned_total"), "abandoned {{instance}}")]),
        chart("Messages without an exact Native form per second", "short",
              [(rate("freshet_messages_without_exact_form_total"), "{{instance}}")]),
    ],
    "ClickHouse inserts": [
        chart("Time of an insert attempt", "s", percentiles("freshet_insert_seconds")),
        chart("Time of a batch, with retries", "s", percentiles("freshet_batch_write_seconds", 'result="success"')),
        chart("Time until a batch is sealed", "s", percentiles("freshet_batch_age_seconds")),
        chart("Rows of a batch", "short", percentiles("freshet_stored_batch_rows")),
        chart("Bytes of a batch", "bytes", percentiles("freshet_stored_batch_bytes"), "Uncompressed."),
        chart("Batches per second", "short", [(rate("freshet_batches_written_total"), "{{instance}}")]),
        chart("Failed attempts per second", "short",
              [(rate("freshet_insert_errors_total", by="class, code"), "{{class}} {{code}}")]),
        chart("Batches", "short",
              [(total("freshet_batches_in_flight"), "in flight {{instance}}"),
               (total("freshet_batches_overdue"), "overdue {{instance}}"),
               (total("freshet_batches_blocked"), "blocked {{instance}}")]),
        chart("Writers", "short", [(total("freshet_pool_tasks", INSERTS), "batches {{instance}}"),
                                   (total("freshet_pool_threads", INSERTS), "threads {{instance}}")]),
        chart("Limits learned from the server", "short",
              [(of("freshet_batch_slowdown_ratio"), "slowdown {{instance}}"),
               (of("freshet_insert_limit_bytes") + " / 1048576", "insert limit in MiB {{instance}}")],
              "Slowdown above 1: the table has too many parts. Insert limit above 0: larger inserts were rejected."),
        chart("Format", "short", [(f"sum by (format) ({of('freshet_insert_format')})", "{{format}}"),
                                  (rate("freshet_inserts_sent_as_json_total", by="code"), "sent as JSON, code {{code}}")]),
        chart("Exactly once", "short",
              [(of("freshet_delivery_exactly_once"), "exactly once {{instance}}"),
               (rate("freshet_inserts_unverified_total"), "unverified per second {{instance}}"),
               (rate("freshet_inserts_counted_total", 'result="incomplete"'), "incomplete per second {{instance}}")]),
    ],
    "Dead letters and blocked partitions": [
        chart("Dead letters per second", "short", [(rate("freshet_dead_letters_total", by="reason"), "{{reason}}")],
              stack=True),
        chart("Invalid messages per second", "short",
              [(rate("freshet_invalid_messages_total"), "invalid {{instance}}"),
               (rate("freshet_schema_failures_total"), "not as the schema {{instance}}"),
               (rate("freshet_invalid_messages_dropped_total"), "dropped {{instance}}")]),
        chart("Blocked", "short", [(total("freshet_partitions_blocked"), "partitions {{instance}}"),
                                   (total("freshet_batches_blocked"), "batches {{instance}}")]),
        chart("Lost offsets", "short",
              [(f"sum by (topic) (increase({of('freshet_offsets_expired_total')}[1h]))", "{{topic}}")],
              "Offsets that the broker deleted before they were read, in an hour."),
        chart("Produced records per second", "short",
              [(rate("freshet_produced_records_total", by="producer, result"), "{{producer}} {{result}}")]),
        chart("Side records per second", "short",
              [(rate("freshet_side_records_total", by="topic, result"), "{{topic}} {{result}}")],
              "Snuba's consumers only."),
    ],
    "Resources": [
        chart("CPU", "short", [(rate("process_cpu_seconds_total"), "{{instance}}")], "Cores."),
        chart("Resident memory", "bytes", [(of("process_resident_memory_bytes"), "{{instance}}"),
                                           (of("freshet_memory_limit_bytes"), "--memory-limit-bytes {{instance}}")]),
        chart("Memory in flight", "bytes", [(of("freshet_in_flight_bytes"), "{{instance}}"),
                                            (of("freshet_in_flight_bytes_max"), "pauses at, {{instance}}")]),
        chart("Open files", "short", [(of("process_open_fds"), "{{instance}}")]),
        chart("Time since the start", "s", [("time() - " + of("process_start_time_seconds"), "{{instance}}")]),
        chart("Dropped telemetry per second", "short",
              [(rate("freshet_log_lines_dropped_total"), "log lines {{instance}}"),
               (rate("freshet_statsd_payloads_total", 'result="dropped"'), "StatsD {{instance}}"),
               (rate("freshet_otlp_log_records_dropped_total"), "OpenTelemetry {{instance}}"),
               (rate("freshet_sentry_events_total", 'result="dropped"'), "Sentry {{instance}}")]),
        {"kind": "table", "title": "Versions", "unit": "short", "text": "", "width": WIDTH, "stack": False,
         "queries": [(f"{of('freshet_build_info')} * on (job, instance) group_left (topic, consumer_group, table) "
                      + of("freshet_consumer_info"), "")]},
    ],
}

VARIABLES = [
    ("job", "label_values(freshet_build_info, job)", "Job"),
    ("consumer_group", 'label_values(freshet_consumer_info{job=~"$job"}, consumer_group)', "Consumer group"),
    ("instance", 'label_values(freshet_consumer_info{job=~"$job",consumer_group=~"$consumer_group"}, instance)', "Instance"),
]


def thresholds(panel):
    steps = [{"color": "green", "value": None}]
    if panel.get("red_above") is not None:
        steps.append({"color": "red", "value": panel["red_above"]})
    if panel.get("red_below") is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": panel["red_below"]}]
    return {"mode": "absolute", "steps": steps}


def target(index, expression, legend, kind):
    out = {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expression, "legendFormat": legend or "__auto",
           "editorMode": "code", "range": kind == "timeseries", "instant": kind != "timeseries"}
    if kind == "table":
        out["format"] = "table"
    return out


def options(kind):
    if kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
                "graphMode": "area", "textMode": "auto"}
    if kind == "table":
        return {"showHeader": True}
    return {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"}}


def drawn(panel, id_, x, y, height):
    kind = panel["kind"]
    defaults = {"unit": panel["unit"], "thresholds": thresholds(panel)}
    if kind == "timeseries":
        defaults["min"] = 0
        defaults["custom"] = {"fillOpacity": 10, "showPoints": "never",
                              "stacking": {"mode": "normal" if panel["stack"] else "none", "group": "A"}}
    out = {"id": id_, "type": kind, "title": panel["title"], "description": panel["text"], "datasource": SOURCE,
           "gridPos": {"x": x, "y": y, "w": panel["width"], "h": height},
           "fieldConfig": {"defaults": defaults, "overrides": []}, "options": options(kind),
           "targets": [target(i, e, legend, kind) for i, (e, legend) in enumerate(panel["queries"])]}
    if kind == "table":
        out["transformations"] = [{"id": "organize", "options": {
            "excludeByName": {"Time": True, "Value": True, "__name__": True}, "indexByName": {}, "renameByName": {}}}]
    return out


def panels():
    out, y = [], 0
    for row, contents in ROWS.items():
        out.append({"id": len(out) + 1, "type": "row", "title": row, "collapsed": False, "panels": [],
                    "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        x, y, line = 0, y + 1, 0
        for panel in contents:
            height = 4 if panel["kind"] == "stat" else 8
            if x + panel["width"] > WIDTH:
                x, y = 0, y + line
            out.append(drawn(panel, len(out) + 1, x, y, height))
            x, line = x + panel["width"], height
        y += line
    return out


def variables():
    yield {"name": "datasource", "type": "datasource", "label": "Data source", "query": "prometheus", "refresh": 1,
           "hide": 0, "includeAll": False, "multi": False, "current": {}, "options": [], "regex": ""}
    for name, query, label in VARIABLES:
        yield {"name": name, "type": "query", "label": label, "datasource": SOURCE, "definition": query,
               "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "hide": 0, "includeAll": True,
               "multi": True, "regex": "", "options": [],
               "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


def dashboard():
    return {
        "uid": "freshet", "title": "freshet", "description": "freshet: Kafka to ClickHouse. docs/metrics.md has each metric.",
        "tags": ["freshet", "kafka", "clickhouse"], "schemaVersion": 38, "version": 1, "editable": True, "graphTooltip": 1,
        "time": {"from": "now-1h", "to": "now"}, "refresh": "30s", "timezone": "browser",
        "annotations": {"list": [{
            "builtIn": 0, "datasource": SOURCE, "enable": True, "hide": False, "iconColor": "blue", "name": "Starts",
            "expr": f"changes({of('process_start_time_seconds')}[2m]) > 0", "titleFormat": "started {{instance}}",
        }]},
        "templating": {"list": list(variables())}, "panels": panels(), "links": [],
    }


def main():
    text = json.dumps(dashboard(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        if not FILE.exists() or FILE.read_text() != text:
            sys.exit(f"{FILE} is not what dashboard.py writes; run it")
        return
    FILE.write_text(text)


if __name__ == "__main__":
    main()

"""The alert rules and the dashboard, and the metrics and labels that their queries name."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "packaging/prometheus/freshet.rules.yml"
DASHBOARD = ROOT / "packaging/grafana/freshet.json"
# What Prometheus adds to each series, and the bound of a histogram's bucket.
ADDED_LABELS = {"job", "instance", "le"}


def rules():
    """Each rule as {"alert" or "record", "expr", "severity", "summary", "runbook_url"...}.

    Reads the layout of this file only (promtool checks that it is valid): a value is on the line of its key, or folded
    on the lines below it.
    """
    out, folded = [], None
    for line in RULES.read_text().splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if begin := re.match(r"- (alert|record): (\S+)$", text):
            out.append({begin[1]: begin[2]})
            folded = None
        elif (pair := re.match(r"(expr|for|severity|summary|description|runbook_url): ?(.*)$", text)) and out:
            folded = pair[1] if pair[2] == ">-" else None
            out[-1][pair[1]] = "" if folded else pair[2].strip('"')
        elif folded and not text.endswith(":"):
            out[-1][folded] += " " + text
        else:
            folded = None
    return out


def dashboard():
    return json.loads(DASHBOARD.read_text())


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def with_values(query):
    """With values in place of Grafana's variables."""
    return re.sub(r"\$\w+", "x", query.replace("$__rate_interval", "5m"))


def dashboard_queries():
    """The PromQL of panels and annotations."""
    out = [target["expr"] for panel in panels() for target in panel["targets"]]
    out += [annotation["expr"] for annotation in dashboard()["annotations"]["list"]]
    return [with_values(one) for one in out]


def label_queries():
    """The queries of the dashboard's variables: (selector, label)."""
    queries = [with_values(one["definition"]) for one in dashboard()["templating"]["list"] if one["type"] == "query"]
    return [re.fullmatch(r"label_values\((.*), (\w+)\)", one).groups() for one in queries]


def all_queries():
    return [rule["expr"] for rule in rules()] + dashboard_queries() + [selector for selector, _ in label_queries()]


def family(name):
    """The metric that a series belongs to: a histogram has series with suffixes."""
    return re.sub(r"_(bucket|sum|count)$", "", name)


def selectors(query):
    """Yields (metric, {label: value}) of each selector. Series of recording rules are left out."""
    for name, matchers in re.findall(r"(?<![\w:])((?:freshet|process)_\w+)(?:\{([^}]*)\})?(?![\w:])", query):
        yield name, dict(re.findall(r'(\w+)=~?"([^"]*)"', matchers))


def grouping_labels(query):
    """The labels in by (...), on (...) and group_left (...)."""
    for labels in re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", query):
        yield from re.findall(r"\w+", labels)

// Maps freshet's metrics to the StatsD names of Snuba's consumers. docs/metrics.md contains the table.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/metrics.h"

namespace freshet::telemetry {

struct StatsdLine {
  enum class Type {
    Counter,
    Gauge,
    Timer,     // each observation of a histogram, or a sample if there are many
    SumTimer,  // one value: the increase of a counter since the last flush
  };
  enum class Only { Both, Head, June };

  std::string_view metric;  // freshet's name
  std::string_view name;    // Snuba's name without the prefix; a name that starts with "snuba." includes it
  Type type;
  double scale = 1;  // Snuba's value = freshet's value * scale
  // "label=value,...": restricts the line to samples with these label values. These labels are not sent as tags.
  std::string_view where = {};
  // Labels that are not sent as tags with --compat june.
  std::string_view not_in_june = {};
  Only only = Only::Both;
};

std::span<const StatsdLine> statsd_table();

// True if `line` applies to a sample with these labels; `tags` is then set to the labels to send.
bool takes(const StatsdLine& line, const Labels& labels, bool june, Labels& tags);

// The rows of the table in docs/metrics.md.
std::string statsd_markdown();

}  // namespace freshet::telemetry

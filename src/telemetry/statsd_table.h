// The names under which Snuba's consumers report our metrics to StatsD. docs/metrics.md shows the table.
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
    Timer,     // each observation of a histogram, or a sample of them when there are many
    SumTimer,  // one value: the growth of a counter since the last flush
  };
  enum class Only { Both, Head, June };

  std::string_view metric;  // freshet's name
  std::string_view name;    // Snuba's name without the prefix; a name that starts with "snuba." includes it
  Type type;
  double scale = 1;  // Snuba's value = freshet's value * scale
  // "label=value,...": the line is only for samples with these values; the labels are not sent as tags.
  std::string_view where = {};
  // Labels that are not sent as tags with --compat june.
  std::string_view not_in_june = {};
  Only only = Only::Both;
};

std::span<const StatsdLine> statsd_table();

// True if `line` is for this sample; `tags` are then the remaining labels.
bool takes(const StatsdLine& line, const Labels& labels, bool june, Labels& tags);

// Rows of the table in docs/metrics.md.
std::string statsd_markdown();

}  // namespace freshet::telemetry

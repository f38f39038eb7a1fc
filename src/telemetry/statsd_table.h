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
    SumTimer,  // one value: by how much a counter has grown since the last flush
  };
  enum class Only { Both, Head, June };

  std::string_view metric;  // ours
  std::string_view name;    // theirs, without the prefix; one that begins with "snuba." has it already
  Type type;
  double scale = 1;  // ours times this is theirs
  // "label=value,...": samples with other values have another line; these labels are no tags.
  std::string_view where = {};
  // Labels of ours that are no tags of theirs in the older generation.
  std::string_view not_in_june = {};
  Only only = Only::Both;
};

std::span<const StatsdLine> statsd_table();

// Whether `line` is for this sample; `tags` are then what is left of its labels.
bool takes(const StatsdLine& line, const Labels& labels, bool june, Labels& tags);

// Rows of the table in docs/metrics.md.
std::string statsd_markdown();

}  // namespace freshet::telemetry

// Plots as SVG text. The colours have enough contrast on light and on dark backgrounds; the background is transparent.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace freshet::bench {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // from left to right
};

// The horizontal axis is logarithmic, with a tick at each point of the first series.
struct Panel {
  std::string x_label;  // with its unit
  std::string y_label;
  bool y_logarithmic = false;  // else it starts at 0
  std::vector<Series> series;  // at most three; each has a point, and all numbers are positive
};

// The panels stand side by side.
std::string svg(const std::vector<Panel>& panels);

}  // namespace freshet::bench

#include "plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace freshet::bench {
namespace {

constexpr double kWidth = 440;  // of a panel with its labels
constexpr double kHeight = 320;
constexpr double kLeft = 70;
constexpr double kRight = 20;
constexpr double kTop = 50;
constexpr double kBottom = 60;
constexpr const char* kGrey = "#768390";
constexpr std::array kColours = {"#3b82f6", "#d97706", "#16a34a"};

// 1500000 -> "1.5 M"
std::string short_number(double value) {
  if (value >= 1e6) return fmt::format("{:g} M", value / 1e6);
  if (value >= 1e3) return fmt::format("{:g} k", value / 1e3);
  return fmt::format("{:g}", value);
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text, const char* more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor, more,
                     escaped(text));
}

std::string line(double x1, double y1, double x2, double y2, double opacity) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-opacity=\"{}\"/>\n", x1, y1,
      x2, y2, kGrey, opacity);
}

// Maps the values of an axis to pixels.
struct Axis {
  bool logarithmic = false;
  double low = 0;
  double high = 1;
  double from = 0;  // pixel of `low`
  double to = 1;
  std::vector<double> ticks;

  double at(double value) const {
    const double part = logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return from + (to - from) * part;
  }
};

Axis x_axis(const Panel& panel, double left) {
  Axis axis{true, 0, 0, left + kLeft + 12, left + kWidth - kRight - 12, {}};
  for (const auto& [x, y] : panel.series.front().points) axis.ticks.push_back(x);
  axis.low = axis.ticks.front();
  axis.high = std::max(axis.ticks.back(), axis.low * 1.01);  // also with a single point
  return axis;
}

// 1, 2 or 5 times a power of ten: about a fifth of `high`.
double step_for(double high) {
  const double power = std::pow(10, std::floor(std::log10(high / 5)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= high / 5) return factor * power;
  }
  return 10 * power;
}

Axis y_axis(const Panel& panel) {
  Axis axis{panel.y_logarithmic, 0, 0, kHeight - kBottom, kTop, {}};
  double lowest = panel.series.front().points.front().second;
  double highest = lowest;
  for (const Series& series : panel.series) {
    for (const auto& [x, y] : series.points) {
      lowest = std::min(lowest, y);
      highest = std::max(highest, y);
    }
  }
  if (axis.logarithmic) {
    axis.low = std::pow(10, std::floor(std::log10(lowest)));
    axis.high = std::max(std::pow(10, std::ceil(std::log10(highest))), axis.low * 10);
    for (double tick = axis.low; tick < axis.high * 1.5; tick *= 10) axis.ticks.push_back(tick);
    return axis;
  }
  const double step = step_for(highest);
  axis.high = std::ceil(highest / step) * step;
  for (double tick = 0; tick < axis.high + step / 2; tick += step) axis.ticks.push_back(tick);
  return axis;
}

std::string draw_axes(const Panel& panel, const Axis& x, const Axis& y, double left) {
  const double right = left + kWidth - kRight;
  const double bottom = kHeight - kBottom;
  std::string out;
  for (const double tick : y.ticks) {
    out += line(left + kLeft, y.at(tick), right, y.at(tick), tick == y.ticks.front() ? 1 : 0.3);
    out += text_at(left + kLeft - 8, y.at(tick) + 4, "end", short_number(tick));
  }
  for (const double tick : x.ticks) {
    out += line(x.at(tick), bottom, x.at(tick), bottom + 5, 1);
    out += text_at(x.at(tick), bottom + 20, "middle", short_number(tick));
  }
  out += text_at((left + kLeft + right) / 2, bottom + 44, "middle", panel.x_label);
  const double middle = (kTop + bottom) / 2;
  const std::string turned = fmt::format("transform=\"rotate(-90 {:.1f} {:.1f})\"", left + 18, middle);
  return out + text_at(left + 18, middle, "middle", panel.y_label, turned.c_str());
}

std::string draw(const Series& series, const Axis& x, const Axis& y, const char* colour) {
  std::string out = fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"", colour);
  for (const auto& [px, py] : series.points) out += fmt::format("{:.1f},{:.1f} ", x.at(px), y.at(py));
  out += "\"/>\n";
  for (const auto& [px, py] : series.points) {
    out += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"><title>{}: {:g}, {:.3g}</title></circle>\n",
        x.at(px), y.at(py), colour, escaped(series.name), px, py);
  }
  return out;
}

std::string draw(const Panel& panel, double left) {
  const Axis x = x_axis(panel, left);
  const Axis y = y_axis(panel);
  std::string out = draw_axes(panel, x, y, left);
  double legend = left + kLeft;
  for (size_t i = 0; i < panel.series.size(); ++i) {
    const char* const colour = kColours[i % kColours.size()];
    out += draw(panel.series[i], x, y, colour);
    out += fmt::format("<rect x=\"{:.1f}\" y=\"21\" width=\"12\" height=\"4\" fill=\"{}\"/>\n", legend, colour);
    out += text_at(legend + 18, 27, "start", panel.series[i].name);
    legend += 40 + 7.0 * static_cast<double>(panel.series[i].name.size());
  }
  return out;
}

}  // namespace

std::string svg(const std::vector<Panel>& panels) {
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\" fill=\"{2}\">\n",
      kWidth * static_cast<double>(panels.size()), kHeight, kGrey);
  for (size_t i = 0; i < panels.size(); ++i) out += draw(panels[i], kWidth * static_cast<double>(i));
  return out + "</svg>\n";
}

}  // namespace freshet::bench

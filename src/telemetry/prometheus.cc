#include "telemetry/prometheus.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "telemetry/telemetry_metrics.h"

namespace freshet::telemetry {
namespace {

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string labels_text(const Labels& labels, const std::string& le = {}) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, escaped(value, true));
  }
  if (!le.empty()) out += fmt::format("{}le=\"{}\"", out.empty() ? "" : ",", le);
  return out.empty() ? "" : "{" + out + "}";
}

const char* type_of(Metrics::Kind kind) {
  switch (kind) {
    case Metrics::Kind::Counter:
    case Metrics::Kind::SecondsCounter:
      return "counter";
    case Metrics::Kind::Gauge:
      return "gauge";
    case Metrics::Kind::Histogram:
      break;
  }
  return "histogram";
}

void render_histogram(const std::string& name, const Labels& labels, const Histogram& histogram, std::string& out) {
  uint64_t below = 0;
  for (size_t i = 0; i <= histogram.bounds().size(); ++i) {
    below += histogram.bucket(i);
    const std::string le = i < histogram.bounds().size() ? fmt::format("{}", histogram.bounds()[i]) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name, labels_text(labels, le), below);
  }
  out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, labels_text(labels), histogram.sum(), name,
                     labels_text(labels), below);
}

}  // namespace

std::string render_prometheus(const Metrics& metrics) {
  std::string out;
  metrics.visit([&](const Metrics::Family& family) {
    const char* type = type_of(family.kind);
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family.name, escaped(family.help, false), family.name, type);
    for (const Metrics::Sample& sample : family.samples) {
      if (sample.histogram != nullptr) {
        render_histogram(family.name, sample.labels, *sample.histogram, out);
      } else if (sample.counter != nullptr) {
        out += fmt::format("{}{} {}\n", family.name, labels_text(sample.labels), sample.counter->value());
      } else if (sample.seconds != nullptr) {
        out += fmt::format("{}{} {}\n", family.name, labels_text(sample.labels), sample.seconds->value());
      } else {
        out += fmt::format("{}{} {}\n", family.name, labels_text(sample.labels), sample.gauge->value());
      }
    }
  });
  return out;
}

void update_process_metrics(Metrics& registry) {
  const ProcessMetrics metrics(registry);
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto time = [](const timeval& t) {
      return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
    };
    metrics.cpu_seconds().advance_to(time(usage.ru_utime) + time(usage.ru_stime));
  }
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  if (statm >> size >> resident) {
    metrics.resident_memory_bytes().set(resident * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  std::error_code error;
  double files = 0;
  for (auto file = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
    ++files;
  }
  if (!error) metrics.open_fds().set(files);
}

}  // namespace freshet::telemetry

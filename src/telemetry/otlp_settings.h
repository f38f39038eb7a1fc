// Where OpenTelemetry's standard environment variables send metrics and logs
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace freshet::telemetry {

// One signal, metrics or logs.
struct OtlpTarget {
  std::string url;                   // empty = not exported
  std::vector<std::string> headers;  // "Name: value"; secret
  std::chrono::milliseconds timeout{10'000};
  std::string ca_file;    // PEM; empty = the system's
  std::string cert_file;  // PEM client certificate; empty = none
  std::string key_file;
};

struct OtlpSettings {
  OtlpTarget metrics;
  OtlpTarget logs;
  std::chrono::milliseconds metric_interval{60'000};
  std::vector<std::pair<std::string, std::string>> resource;  // attributes of this process
  std::vector<std::string> warnings;                          // what is ignored, and why
  std::vector<std::string> secrets;                           // values of headers

  bool any() const { return !metrics.url.empty() || !logs.url.empty(); }
};

// `variable` returns the value of an environment variable, empty if it is unset (the specification treats both alike).
// A value that is invalid or not supported is ignored with a warning, because these variables are often set for all
// programs of a machine.
OtlpSettings otlp_settings(const std::function<std::string(const std::string&)>& variable);

}  // namespace freshet::telemetry

// Destinations of log, metrics and errors; filled by the settings module. Plain data.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "secrets/secret.h"

namespace freshet::telemetry {

// Reference writes JSON with the field names of Snuba's consumers to standard output. The others write to standard
// error.
enum class LogFormat { Text, Json, Reference };

// Sending metrics to a DogStatsD agent.
struct StatsdSettings {
  std::string address;  // udp://HOST:PORT, HOST:PORT, unixgram://PATH or unix://PATH (stream); empty = off
  bool june = false;    // the format of older Snuba: timers have type `ms` and plain names
  bool tag_assigned_partitions = true;
  // Tags of every metric, in this order.
  std::vector<std::pair<std::string, std::string>> tags;
};

// Sending errors to Sentry.
struct SentrySettings {
  secrets::SecretSource dsn;  // empty = off
  std::string release;
  std::vector<std::pair<std::string, std::string>> tags;
};

struct TelemetrySettings {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Text;
  StatsdSettings statsd;
  SentrySettings sentry;
  std::vector<std::string> secrets;  // masked as *** in every log line
};

}  // namespace freshet::telemetry

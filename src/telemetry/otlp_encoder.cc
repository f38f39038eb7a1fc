#include "telemetry/otlp_encoder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>

#include "base/json.h"
#include "telemetry/protobuf_writer.h"

namespace freshet::telemetry {
namespace {

// Field numbers of opentelemetry-proto 1.x, by message.
namespace any_value {
constexpr uint32_t kString = 1, kBool = 2, kInt = 3, kDouble = 4;
}
namespace key_value {
constexpr uint32_t kKey = 1, kValue = 2;
}
namespace request {  // of metrics and of logs alike: the resource's group, its scope, its items
constexpr uint32_t kResourceGroup = 1, kResource = 1, kScopeGroup = 2, kScope = 1, kItem = 2;
}
namespace resource_message {
constexpr uint32_t kAttributes = 1;
}
namespace scope_message {
constexpr uint32_t kName = 1, kVersion = 2;
}
namespace metric {
constexpr uint32_t kName = 1, kDescription = 2, kUnit = 3, kGauge = 5, kSum = 7, kHistogram = 9;
constexpr uint32_t kPoint = 1, kTemporality = 2, kMonotonic = 3;
constexpr uint64_t kCumulative = 2;
}  // namespace metric
namespace point {
constexpr uint32_t kStart = 2, kTime = 3;
constexpr uint32_t kAsDouble = 4, kAsInt = 6, kAttributes = 7;                                      // number
constexpr uint32_t kCount = 4, kSum = 5, kBucketCounts = 6, kBounds = 7, kHistogramAttributes = 9;  // histogram
}  // namespace point
namespace log_record {
constexpr uint32_t kTime = 1, kSeverity = 2, kSeverityText = 3, kBody = 5, kAttribute = 6, kObserved = 11,
                   kEventName = 12;
}

uint64_t nanoseconds(SystemTime time) { return static_cast<uint64_t>(time.time_since_epoch().count()); }

// A string of protobuf must be UTF-8; texts of servers may be anything. Other bytes become U+FFFD.
std::string as_utf8(const std::string& text) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), ascii)) return text;
  return parse_json(quoted_json(text)).get<std::string>();
}

void write_value(ProtobufWriter& out, const LogRecord::Value& value) {
  std::visit(
      [&](const auto& one) {
        using T = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<T, std::string>) {
          out.text(any_value::kString, as_utf8(one));
        } else if constexpr (std::is_same_v<T, bool>) {
          out.varint(any_value::kBool, one ? 1 : 0);
        } else if constexpr (std::is_same_v<T, double>) {
          out.real(any_value::kDouble, one);
        } else {
          out.varint(any_value::kInt, static_cast<uint64_t>(one));
        }
      },
      value);
}

void write_attribute(ProtobufWriter& out, uint32_t field, std::string_view name, const LogRecord::Value& value) {
  out.message(field, [&](ProtobufWriter& pair) {
    pair.text(key_value::kKey, name);
    pair.message(key_value::kValue, [&](ProtobufWriter& any) { write_value(any, value); });
  });
}

// `write_items` writes the metrics or log records.
template <typename WriteItems>
std::string request_of(const OtlpResource& resource, WriteItems&& write_items) {
  ProtobufWriter out;
  out.message(request::kResourceGroup, [&](ProtobufWriter& group) {
    group.message(request::kResource, [&](ProtobufWriter& about) {
      for (const auto& [name, value] : resource.attributes) {
        write_attribute(about, resource_message::kAttributes, name, value);
      }
    });
    group.message(request::kScopeGroup, [&](ProtobufWriter& scoped) {
      scoped.message(request::kScope, [&](ProtobufWriter& scope) {
        scope.text(scope_message::kName, "freshet");
        scope.text(scope_message::kVersion, resource.version);
      });
      write_items(scoped);
    });
  });
  return out.written();
}

// As in https://ucum.org; empty: a plain number.
std::string_view unit_of(std::string_view name) {
  if (name.find("_seconds") != std::string_view::npos) return "s";
  return name.find("_bytes") != std::string_view::npos ? "By" : "";
}

struct Times {
  uint64_t start;
  uint64_t now;
};

void write_times(ProtobufWriter& out, const Times& times) {
  out.fixed64(point::kStart, times.start);
  out.fixed64(point::kTime, times.now);
}

void write_labels(ProtobufWriter& out, uint32_t field, const Labels& labels) {
  for (const auto& [name, value] : labels) write_attribute(out, field, name, value);
}

void write_number(ProtobufWriter& data, const Metrics::Sample& sample, const Times& times) {
  data.message(metric::kPoint, [&](ProtobufWriter& out) {
    write_times(out, times);
    if (sample.counter != nullptr) {
      out.fixed64(point::kAsInt, sample.counter->value());
    } else {
      out.real(point::kAsDouble, sample.seconds != nullptr ? sample.seconds->value() : sample.gauge->value());
    }
    write_labels(out, point::kAttributes, sample.labels);
  });
}

void write_histogram(ProtobufWriter& data, const Metrics::Sample& sample, const Times& times) {
  const Histogram& histogram = *sample.histogram;
  std::vector<uint64_t> buckets;
  uint64_t count = 0;  // of these buckets: histogram.count() may be newer
  for (size_t i = 0; i <= histogram.bounds().size(); ++i) count += buckets.emplace_back(histogram.bucket(i));
  data.message(metric::kPoint, [&](ProtobufWriter& out) {
    write_times(out, times);
    out.fixed64(point::kCount, count);
    out.real(point::kSum, histogram.sum());
    out.packed(point::kBucketCounts, buckets);
    out.packed(point::kBounds, histogram.bounds());
    write_labels(out, point::kHistogramAttributes, sample.labels);
  });
}

void write_metric(ProtobufWriter& out, const Metrics::Family& family, const Times& times) {
  out.text(metric::kName, family.name);
  out.text(metric::kDescription, family.help);
  if (const std::string_view unit = unit_of(family.name); !unit.empty()) out.text(metric::kUnit, unit);
  const bool histogram = family.kind == Metrics::Kind::Histogram;
  const bool gauge = family.kind == Metrics::Kind::Gauge;
  const uint32_t field = histogram ? metric::kHistogram : gauge ? metric::kGauge : metric::kSum;
  out.message(field, [&](ProtobufWriter& data) {
    for (const Metrics::Sample& sample : family.samples) {
      histogram ? write_histogram(data, sample, times) : write_number(data, sample, times);
    }
    if (!gauge) data.varint(metric::kTemporality, metric::kCumulative);
    if (!gauge && !histogram) data.varint(metric::kMonotonic, 1);
  });
}

uint64_t severity(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return 5;
    case LogLevel::Info:
      return 9;
    case LogLevel::Warn:
      return 13;
    case LogLevel::Error:
      break;
  }
  return 17;
}

void write_record(ProtobufWriter& out, const LogRecord& record, SystemTime now) {
  out.fixed64(log_record::kTime, nanoseconds(record.at));
  out.varint(log_record::kSeverity, severity(record.level));
  out.text(log_record::kSeverityText, to_string(record.level));
  out.message(log_record::kBody, [&](ProtobufWriter& any) { any.text(any_value::kString, record.message); });
  for (const auto& [name, value] : record.fields) write_attribute(out, log_record::kAttribute, name, value);
  out.fixed64(log_record::kObserved, nanoseconds(now));
  out.text(log_record::kEventName, record.event);
}

}  // namespace

std::string otlp_metrics(const Metrics& metrics, const OtlpResource& resource, SystemTime start, SystemTime now) {
  const Times times{nanoseconds(start), nanoseconds(now)};
  return request_of(resource, [&](ProtobufWriter& scoped) {
    metrics.visit([&](const Metrics::Family& family) {
      scoped.message(request::kItem, [&](ProtobufWriter& out) { write_metric(out, family, times); });
    });
  });
}

std::string otlp_logs(const std::vector<LogRecord>& records, const OtlpResource& resource, SystemTime now) {
  return request_of(resource, [&](ProtobufWriter& scoped) {
    for (const LogRecord& record : records) {
      scoped.message(request::kItem, [&](ProtobufWriter& out) { write_record(out, record, now); });
    }
  });
}

}  // namespace freshet::telemetry

#include "telemetry/otlp_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include "http/url.h"

namespace freshet::telemetry {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::optional<int> hex_value(std::string_view two) {
  int value = 0;
  const auto [end, error] = std::from_chars(two.data(), two.data() + two.size(), value, 16);
  if (two.size() != 2 || error != std::errc() || end != two.data() + two.size()) return std::nullopt;
  return value;
}

// A percent sign without two hexadecimal digits stands for itself.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto value = text[i] == '%' ? hex_value(text.substr(i + 1, 2)) : std::nullopt;
    out += value ? static_cast<char>(*value) : text[i];
    if (value) i += 2;
  }
  return out;
}

class VariablesReader {
 public:
  VariablesReader(const std::function<std::string(const std::string&)>& variable, OtlpSettings& out)
      : variable_(variable), out_(out) {}

  void read() {
    if (lower_case(value("OTEL_SDK_DISABLED")) == "true") return;
    out_.metrics = target("METRICS", "/v1/metrics");
    out_.logs = target("LOGS", "/v1/logs");
    if (!out_.any()) return;
    out_.metric_interval = milliseconds("OTEL_METRIC_EXPORT_INTERVAL", out_.metric_interval);
    read_resource();
  }

 private:
  std::string value(const std::string& name) const { return std::string(trimmed(variable_(name))); }

  // The variable of the signal, else the one of all signals.
  std::string of_signal(const std::string& signal, const std::string& name) const {
    const std::string own = value(fmt::format("OTEL_EXPORTER_OTLP_{}_{}", signal, name));
    return own.empty() ? value("OTEL_EXPORTER_OTLP_" + name) : own;
  }

  OtlpTarget target(const std::string& signal, const char* path) {
    OtlpTarget out;
    if (of_signal(signal, "ENDPOINT").empty() || !is_exported(signal)) return out;
    out.url = url(signal, path);
    if (out.url.empty() || !protocol_is_supported(signal)) return {};
    if (const std::string how = of_signal(signal, "COMPRESSION"); !how.empty() && how != "none") {
      warn(signal, fmt::format("compression {} is not supported; requests are not compressed", how));
    }
    out.timeout = milliseconds(fmt::format("OTEL_EXPORTER_OTLP_{}_TIMEOUT", signal),
                               milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", out.timeout));
    out.ca_file = of_signal(signal, "CERTIFICATE");
    out.cert_file = of_signal(signal, "CLIENT_CERTIFICATE");
    out.key_file = of_signal(signal, "CLIENT_KEY");
    for (const auto& [name, text] : pairs(signal, of_signal(signal, "HEADERS"))) {
      out.headers.push_back(fmt::format("{}: {}", name, text));
      out_.secrets.push_back(text);
    }
    return out;
  }

  // The variable may list several exporters.
  bool is_exported(const std::string& signal) {
    const std::string exporters = lower_case(value(fmt::format("OTEL_{}_EXPORTER", signal)));
    bool otlp = exporters.empty();
    for (std::string_view rest = exporters; !rest.empty();) {
      const size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view one = trimmed(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      otlp |= one == "otlp";
      if (one.empty() || one == "otlp" || one == "none") continue;
      warn(signal, fmt::format("exporter {} is not supported, only otlp", one));
    }
    return otlp;
  }

  std::string url(const std::string& signal, const char* path) {
    std::string out = value(fmt::format("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal));  // used as it is
    if (out.empty()) {
      out = value("OTEL_EXPORTER_OTLP_ENDPOINT");
      if (out.empty()) return out;
      while (out.ends_with('/')) out.pop_back();
      out += path;
    }
    if (const auto parsed = http::parse_url(out); !parsed) {
      warn(signal, "the endpoint is not a URL of the form http://HOST:PORT; they are not exported");
      return {};
    }
    return out;
  }

  bool protocol_is_supported(const std::string& signal) {
    const std::string protocol = of_signal(signal, "PROTOCOL");
    if (protocol.empty() || protocol == "http/protobuf") return true;
    warn(signal, fmt::format("protocol {} is not supported, only http/protobuf; they are not exported", protocol));
    return false;
  }

  std::chrono::milliseconds milliseconds(const std::string& name, std::chrono::milliseconds otherwise) {
    const std::string text = value(name);
    if (text.empty()) return otherwise;
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number <= 0 || number > kLongest.count()) {
      out_.warnings.push_back(fmt::format("{}: is not a number of milliseconds from 1 to {}; {} is used", name,
                                          kLongest.count(), otherwise.count()));
      return otherwise;
    }
    return std::chrono::milliseconds(number);
  }

  Pairs pairs(const std::string& what, std::string_view text) {
    Pairs out;
    while (!text.empty()) {
      const std::string_view one = trimmed(text.substr(0, text.find(',')));
      text.remove_prefix(
          std::min(text.size(), text.find(',') == std::string_view::npos ? text.size() : text.find(',') + 1));
      const size_t equals = one.find('=');
      const std::string name = percent_decoded(trimmed(one.substr(0, equals)));
      if (one.empty()) continue;
      if (equals == std::string_view::npos || name.empty()) {
        warn(what, "an entry without the form NAME=VALUE is ignored");  // without it: it may be a secret
        continue;
      }
      out.emplace_back(name, percent_decoded(trimmed(one.substr(equals + 1))));
    }
    return out;
  }

  void read_resource() {
    out_.resource = pairs("RESOURCE_ATTRIBUTES", value("OTEL_RESOURCE_ATTRIBUTES"));
    const std::string name = value("OTEL_SERVICE_NAME");
    const auto given = std::find_if(out_.resource.begin(), out_.resource.end(),
                                    [](const auto& attribute) { return attribute.first == "service.name"; });
    if (given == out_.resource.end()) {
      out_.resource.emplace_back("service.name", name.empty() ? "freshet" : name);
    } else if (!name.empty()) {
      given->second = name;
    }
  }

  void warn(const std::string& what, const std::string& text) {
    out_.warnings.push_back(fmt::format("OpenTelemetry {}: {}", what, text));
  }

  static constexpr std::chrono::milliseconds kLongest{24 * 60 * 60 * 1000};

  const std::function<std::string(const std::string&)>& variable_;
  OtlpSettings& out_;
};

}  // namespace

OtlpSettings otlp_settings(const std::function<std::string(const std::string&)>& variable) {
  OtlpSettings out;
  VariablesReader(variable, out).read();
  return out;
}

}  // namespace freshet::telemetry

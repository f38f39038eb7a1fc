#include "stored_rows.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <ctime>
#include <sstream>

#include "clickhouse/column_type.h"
#include "columns/type_name.h"

namespace freshet::e2e {
namespace {

using nlohmann::json;

int digits_of(std::string_view type) { return type[type.size() - 2] - '0'; }
bool is_date_time64(std::string_view type) { return type.starts_with("DateTime64("); }

std::string selected(const std::string& name, std::string_view type) {
  const std::string_view plain = columns::plain_type(type).name;
  if (plain == "DateTime") return fmt::format("toUInt32(`{0}`) AS `{0}`", name);
  if (plain == "DateTime64(3)") return fmt::format("toUnixTimestamp64Milli(`{0}`) AS `{0}`", name);
  if (plain == "DateTime64(6)") return fmt::format("toUnixTimestamp64Micro(`{0}`) AS `{0}`", name);
  if (plain == "Array(Float32)") return fmt::format("arrayMap(x -> toFloat64(x), `{0}`) AS `{0}`", name);
  return fmt::format("`{}`", name);
}

json seconds_of(const json& value) {
  if (!value.is_string()) return value;
  std::tm parts{};
  const auto& text = value.get_ref<const std::string&>();
  const char* end = strptime(text.c_str(), "%Y-%m-%d %H:%M:%S", &parts);
  return end != nullptr && *end == '\0' ? json(timegm(&parts)) : value;
}

// Servers read some decimal fractions with an error of a few units: compares six digits.
json as_float32(const json& value) {
  if (value.is_number()) return std::stod(fmt::format("{:.6g}", value.get<double>()));
  if (!value.is_array()) return value;
  json out = json::array();
  for (const json& one : value) out.push_back(as_float32(one));
  return out;
}

// ::102:304 is the same as ::1.2.3.4.
json as_ipv6(const json& value) {
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (!value.is_string() || inet_pton(AF_INET6, value.get_ref<const std::string&>().c_str(), &address) != 1)
    return value;
  return inet_ntop(AF_INET6, &address, text.data(), text.size());
}

json value_as_stored(const json& value, std::string_view type) {
  const auto plain = columns::plain_type(type);
  if (value.is_null()) return plain.nullable ? value : json("<default>");
  if (plain.name == "DateTime") return seconds_of(value);
  if (plain.name.starts_with("Array(")) {
    json out = json::array();
    for (const json& element : value)
      out.push_back(value_as_stored(element, plain.name.substr(6, plain.name.size() - 7)));
    return out;
  }
  if (plain.name.starts_with("Map(String, ") && value.is_object()) {
    json out = json::object();
    for (const auto& [key, one] : value.items()) {
      out[key] = value_as_stored(one, plain.name.substr(12, plain.name.size() - 13));
    }
    return out;
  }
  if (plain.name == "Float32") return as_float32(value);
  if (plain.name == "IPv6") return as_ipv6(value);
  if (value.is_boolean() && plain.name.find("Bool") == std::string_view::npos) return value.get<bool>() ? 1 : 0;
  return value;
}

bool beyond(const json& value, std::string_view type) {
  const auto plain = columns::plain_type(type);
  if (plain.name == "DateTime") {
    const json seconds = seconds_of(value);
    return !seconds.is_null() && (!seconds.is_number_integer() || seconds < 0 || seconds > UINT32_MAX);
  }
  if (is_date_time64(plain.name)) {
    // At least 1900 to 2299.
    const double ticks = value.is_number() ? value.get<double>() : 0;
    return !(value.is_null() || value.is_number()) || ticks < 0 || ticks > (digits_of(plain.name) == 3 ? 9e12 : 9e15);
  }
  if (plain.name.starts_with("Array(") && value.is_array()) {
    for (const json& element : value) {
      if (beyond(element, plain.name.substr(6, plain.name.size() - 7))) return true;
    }
    return false;
  }
  if (plain.name.starts_with("Map(String, ") && value.is_object()) {
    for (const json& one : value) {
      const bool open = one.is_string() && one.get_ref<const std::string&>().starts_with('<');
      if (!open && beyond(one, plain.name.substr(12, plain.name.size() - 13))) return true;
    }
    return false;
  }
  if (plain.name == "IPv6" && value.is_string()) {
    in6_addr address{};
    return inet_pton(AF_INET6, value.get_ref<const std::string&>().c_str(), &address) != 1;
  }
  // The parser of expected rows turns integers beyond 64 bits into doubles.
  if (plain.name.ends_with("Int128") && value.is_number_float()) return false;
  clickhouse::Mismatches mismatches;
  clickhouse::add_mismatches(type, *clickhouse::JsonValue::parse(value.dump()), mismatches);
  mismatches.erase(clickhouse::Mismatch::NullBecomesDefault);
  return !mismatches.empty();
}

}  // namespace

Columns columns_of(const testkit::ClickHouseServer& server, const std::string& table) {
  Columns columns;
  std::istringstream lines(server.query(fmt::format(
      "SELECT name, type FROM system.columns WHERE database = 'default' AND table = '{}' FORMAT JSONEachRow", table)));
  for (std::string line; std::getline(lines, line);) {
    const json one = json::parse(line);
    columns[one.at("name")] = one.at("type");
  }
  return columns;
}

std::vector<json> read_rows(const testkit::ClickHouseServer& server, const std::string& table, const Columns& columns) {
  std::string list;
  for (const auto& [name, type] : columns) list += (list.empty() ? "" : ", ") + selected(name, type);
  std::istringstream lines(
      server.query(fmt::format("SELECT {} FROM default.{} SETTINGS output_format_json_quote_64bit_integers = 0, "
                               "output_format_json_quote_denormals = 1 FORMAT JSONEachRow",
                               list, table)));
  std::vector<json> rows;
  for (std::string line; std::getline(lines, line);) {
    json row = json::parse(line);
    for (auto& [name, value] : row.items()) {
      const std::string_view type = columns::plain_type(columns.at(name)).name;
      if (type == "Float32" || type == "Array(Float32)") value = as_float32(value);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

json as_stored(const json& row, const Columns& columns) {
  json out = json::object();
  for (const auto& [key, value] : row.items()) {
    const auto column = columns.find(key);
    if (column != columns.end()) out[key] = value_as_stored(value, column->second);
  }
  return out;
}

bool beyond_the_types(const json& row, const Columns& columns) {
  for (const auto& [key, value] : row.items()) {
    const auto column = columns.find(key);
    if (column != columns.end() && beyond(value, column->second)) return true;
  }
  return false;
}

}  // namespace freshet::e2e

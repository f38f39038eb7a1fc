#include "insert_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "backlog.h"
#include "clickhouse/block_encoder.h"
#include "cpu_time.h"
#include "http/http_client.h"
#include "processors/registry.h"
#include "testkit/golden_cases.h"
#include "testkit/web_events.h"

namespace freshet::bench {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = FRESHET_SOURCE_DIR;
// Snuba's recorded messages, if they are installed next to the project (tests/golden/README.md).
const fs::path kRecorded = kSource.parent_path() / "shared/conformance/processors";

// Rows and their table.
struct DataSet {
  std::string name;
  std::string table;
  std::string definition;         // CREATE TABLE
  std::vector<std::string> rows;  // JSONEachRow, with a line break after each
};

// The rows of the processor's recorded messages.
std::vector<std::string> rows_of(const std::string& name) {
  RealClock clock;
  Metrics metrics;
  processors::ProcessorsSettings settings;
  settings.processor = name;
  const auto processor = (*processors::make_factory(settings, {&clock, &metrics}))();
  std::string text;
  for (const testkit::GoldenCase& one : testkit::recorded_examples(kRecorded / name)) {
    Message message;
    message.offset = Offset{1};
    message.timestamp_ms = 1'790'000'000'000;
    message.payload = one.message;
    processor->process({"topic", Partition{0}}, message, text);
  }
  std::vector<std::string> rows;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin) + 1;
    rows.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  if (rows.empty()) throw std::runtime_error(fmt::format("no rows of {}", name));
  return rows;
}

DataSet drop_in(const std::string& storage, const std::string& processor) {
  std::ifstream file(kSource / "tests/e2e/tables" / (storage + ".sql"));
  return {storage, storage + "_local", {std::istreambuf_iterator<char>(file), {}}, rows_of(processor)};
}

DataSet web_event_rows(uint64_t count) {
  DataSet set{"web events", "web_events", {}, {}};
  set.definition =
      fmt::format("CREATE TABLE {} ({}) ENGINE = MergeTree ORDER BY event_id", set.table, testkit::kWebEventColumns);
  const MessageOf event = web_events(700);
  for (uint64_t id = 0; id < count; ++id) set.rows.push_back(event(id) + "\n");
  return set;
}

// The body of an insert of `count` rows: all of them, again and again.
std::string repeated(const std::vector<std::string>& rows, uint64_t count) {
  std::string body;
  for (uint64_t i = 0; i < count; ++i) body += rows[i % rows.size()];
  return body;
}

// An insert's body in one format.
struct Body {
  std::string format;
  std::string compressed;
  size_t plain_bytes = 0;
};

// What is measured of one format: microseconds of the server's CPU time per row, one for each run.
struct Cost {
  std::vector<double> parsing;
  std::vector<double> whole;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// A data set's tables: its own, a copy that drops its rows, and one that keeps one insert in memory.
class Inserts {
 public:
  Inserts(const testkit::ClickHouseServer& clickhouse, const DataSet& set, const FormatOptions& options)
      : clickhouse_(clickhouse), options_(options), table_(set.table) {
    clickhouse_.query(set.definition);
    clickhouse_.query(fmt::format("CREATE TABLE {0}_null AS {0} ENGINE = Null", table_));
    clickhouse_.query(fmt::format("CREATE TABLE {0}_memory AS {0} ENGINE = Memory", table_));
    clickhouse_.query("SYSTEM STOP MERGES " + table_);  // they cost the same after every format
    const std::string json = repeated(set.rows, options.insert_rows);
    const Body as_json = body("JSONEachRow", json);
    insert(table_ + "_memory", as_json);
    for (const std::string& format : options.formats) {
      bodies_.push_back(format == as_json.format ? as_json : body(format, written_by_engine(format)));
    }
  }

  ~Inserts() {
    try {
      for (const char* ending : {"", "_null", "_memory"}) clickhouse_.query("DROP TABLE " + table_ + ending);
    } catch (const std::exception& e) {
      std::cerr << e.what() << '\n';
    }
  }
  Inserts(const Inserts&) = delete;
  Inserts& operator=(const Inserts&) = delete;

  // In the order of the formats.
  std::vector<Cost> measure() {
    std::vector<Cost> costs(bodies_.size());
    std::vector<std::string> stored(bodies_.size());
    for (int run = 0; run < options_.runs; ++run) {
      for (size_t i = 0; i < bodies_.size(); ++i) {
        costs[i].parsing.push_back(cost_of_inserts(table_ + "_null", bodies_[i]));
        costs[i].whole.push_back(cost_of_inserts(table_, bodies_[i]));
        stored[i] =
            clickhouse_.query(fmt::format("SELECT count(), sum(cityHash64(formatRow('TSV', *))) FROM {}", table_));
        clickhouse_.query("TRUNCATE TABLE " + table_);
        if (stored[i] == stored[0] && stored[i].starts_with(fmt::format("{}\t", inserts() * options_.insert_rows))) {
          continue;
        }
        throw std::runtime_error(fmt::format("{}: {} stores {}, {} stores {} (rows and their hash)", table_,
                                             bodies_[0].format, stored[0], bodies_[i].format, stored[i]));
      }
    }
    return costs;
  }

  const std::vector<Body>& bodies() const { return bodies_; }

 private:
  uint64_t inserts() const { return std::max<uint64_t>(1, options_.rows / options_.insert_rows); }

  Body body(const std::string& format, std::string_view plain) {
    std::string compressed;
    for (const std::string_view part : encoder_.encode({plain})) compressed += part;
    return {format, std::move(compressed), plain.size()};
  }

  std::string written_by_engine(const std::string& format) {
    return post(clickhouse_.url() + "/", fmt::format("SELECT * FROM {}_memory FORMAT {}", table_, format));
  }

  // As freshet sends it.
  void insert(const std::string& table, const Body& body) {
    post(fmt::format("{}/?query=INSERT%20INTO%20{}%20FORMAT%20{}&decompress=1&async_insert=0&date_time_input_format="
                     "best_effort&input_format_skip_unknown_fields=1",
                     clickhouse_.url(), table, body.format),
         body.compressed);
  }

  double cost_of_inserts(const std::string& table, const Body& body) {
    const double before = cpu_seconds(clickhouse_.pid());
    for (uint64_t i = 0; i < inserts(); ++i) insert(table, body);
    return (cpu_seconds(clickhouse_.pid()) - before) * 1e6 / static_cast<double>(inserts() * options_.insert_rows);
  }

  std::string post(const std::string& url, std::string_view sent) {
    http::Request request;
    request.method = "POST";
    request.url = url;
    request.body = {sent};
    auto response = client_.send(request);
    if (!response) throw std::runtime_error(response.error().text);
    if (response->status != 200) throw std::runtime_error(response->body);
    return std::move(response->body);
  }

  static http::ClientOptions client_options() {
    http::ClientOptions options;
    options.max_response_bytes = size_t{1} << 30;
    return options;
  }

  const testkit::ClickHouseServer& clickhouse_;
  const FormatOptions& options_;
  const std::string table_;
  http::Client client_{client_options()};
  clickhouse::BlockEncoder encoder_{clickhouse::Compression::Lz4};
  std::vector<Body> bodies_;
};

void print(const DataSet& set, const Body& body, const Cost& cost, const Cost& first, uint64_t rows) {
  std::vector<double> ratios;
  for (size_t i = 0; i < cost.whole.size(); ++i) ratios.push_back(cost.whole[i] / first.whole[i]);
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  std::cout << fmt::format("{:<14} {:<14} {:>8} {:>8} {:>9.2f} {:>9.2f}   {:.2f} ({:.2f} to {:.2f})\n", set.name,
                           body.format, body.plain_bytes / rows, body.compressed.size() / rows, median(cost.parsing),
                           median(cost.whole), median(ratios), *least, *most)
            << std::flush;
}

void compare(const testkit::ClickHouseServer& clickhouse, const DataSet& set, const FormatOptions& options) {
  Inserts inserts(clickhouse, set, options);
  const std::vector<Cost> costs = inserts.measure();
  for (size_t i = 0; i < costs.size(); ++i) {
    print(set, inserts.bodies()[i], costs[i], costs[0], options.insert_rows);
  }
}

}  // namespace

void compare_formats(const testkit::ClickHouseServer& clickhouse, const FormatOptions& options) {
  std::cout << fmt::format(
      "Inserts of {} rows, compressed with LZ4: microseconds of the server's CPU time per row, medians of {} runs in "
      "turns.\nparsing: into a table that drops them; whole: into their table, without merges.\n\n",
      options.insert_rows, options.runs);
  std::cout << fmt::format("{:<14} {:<14} {:>8} {:>8} {:>9} {:>9}   whole / {}\n", "rows", "format", "bytes", "LZ4",
                           "parsing", "whole", options.formats.front());
  compare(clickhouse, web_event_rows(options.insert_rows), options);
  if (!fs::is_directory(kRecorded)) {
    std::cout << fmt::format("errors, transactions and replays are left out: Snuba's recorded messages are not in {}\n",
                             kRecorded.string());
    return;
  }
  compare(clickhouse, drop_in("errors", "ErrorsProcessor"), options);
  compare(clickhouse, drop_in("transactions", "TransactionsMessageProcessor"), options);
  compare(clickhouse, drop_in("replays", "ReplaysProcessor"), options);
}

}  // namespace freshet::bench

#include "verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "http/http_client.h"
#include "testkit/kafka_client.h"

namespace freshet::faults {
namespace {

constexpr uint64_t kIdsPerQuery = 100'000;
constexpr size_t kExamples = 20;

std::string query(const std::string& url, const std::string& sql) {
  http::Client client({});
  http::Request request;
  request.method = "POST";
  request.url = url + "/";
  request.body = {sql};
  const auto answer = client.send(request);
  if (!answer) throw std::runtime_error(sql + ": " + answer.error().text);
  if (answer->status != 200) throw std::runtime_error(sql + ": " + answer->body);
  return answer->body;
}

void add_example(std::vector<std::string>& examples, const std::string& what) {
  if (examples.size() < kExamples) examples.push_back(what);
}

// The rows of one id.
struct Rows {
  uint64_t id = 0;
  uint64_t count = 0;
  int32_t partition = -1;
  int64_t offset = -1;
  bool one_position = true;
};

std::string sql_of(const std::string& table, bool positions, uint64_t first, uint64_t end) {
  const char* columns =
      positions ? "min(topic_partition), min(topic_offset), uniqExact(topic_partition, topic_offset)" : "-1, -1, 1";
  return fmt::format("SELECT id, count(), {} FROM {} WHERE id >= {} AND id < {} GROUP BY id FORMAT TabSeparated",
                     columns, table, first, end);
}

std::vector<Rows> parse(const std::string& text) {
  std::vector<Rows> out;
  std::istringstream in(text);
  uint64_t positions = 0;
  for (Rows one; in >> one.id >> one.count >> one.partition >> one.offset >> positions;) {
    one.one_position = positions == 1;
    out.push_back(one);
  }
  return out;
}

}  // namespace

std::string TableCounts::text() const {
  std::string out = fmt::format("{} rows, {} lost, {} lost and reported, {} twice, {} that must not be there", rows,
                                lost, lost_reported, twice, strange);
  for (const std::string& one : examples) out += "\n    " + one;
  return out;
}

std::string DeadLetterCounts::text() const {
  std::string out =
      fmt::format("{} records, {} missing, {} twice, {} that must not be there", records, missing, twice, strange);
  for (const std::string& one : examples) out += "\n    " + one;
  return out;
}

bool Verifier::run() {
  read_topic();
  std::cout << fmt::format("sent: {} messages: {} good, {} malformed, {} that the table rejects\n",
                           messages_[0] + messages_[1] + messages_[2], messages_[0], messages_[1], messages_[2]);
  const TableCounts table = read_table(asked_.table, asked_.positions);
  std::cout << "table: " << table.text() << '\n';
  TableCounts view;
  if (!asked_.view_target.empty()) {
    view = read_table(asked_.view_target, false);
    std::cout << "target of the view: " << view.text() << '\n';
  }
  const DeadLetterCounts dead = read_dead_letters();
  std::cout << "dead letters: " << dead.text() << '\n';
  const uint64_t lost = table.lost + view.lost + dead.missing + table.strange + view.strange + dead.strange;
  const bool good = lost == 0 && (!asked_.exactly_once || table.twice + view.twice == 0);
  std::cout << fmt::format("rule {}: {}\n", asked_.exactly_once ? "exactly-once" : "at-least-once",
                           good ? "holds" : "BROKEN");
  return good;
}

void Verifier::read_topic() {
  testkit::KafkaClient client(asked_.bootstrap);
  client.read_each(asked_.topic, [&](testkit::Record&& record) {
    const auto id = id_of(record.value.value_or(""));
    if (!id) throw std::runtime_error("a message without an id: " + record.value.value_or("null"));
    if (*id >= sent_.size()) sent_.resize(std::max<size_t>(*id + 1, sent_.size() * 2));
    Sent& sent = sent_[*id];
    sent = {record.offset, record.partition, static_cast<uint8_t>(sent.times + 1), kind_of(*record.value)};
    ++messages_[static_cast<size_t>(sent.kind)];
  });
  while (!sent_.empty() && sent_.back().times == 0) sent_.pop_back();
}

DeadLetterCounts Verifier::read_dead_letters() {
  DeadLetterCounts counts;
  std::vector<uint64_t> found(sent_.size(), 0);
  testkit::KafkaClient client(asked_.bootstrap);
  client.read_each(asked_.dead_letters, [&](testkit::Record&& record) {
    ++counts.records;
    const auto id = id_of(record.value.value_or(""));
    if (!id || *id >= sent_.size() || sent_[*id].kind == Message::Good) {
      ++counts.strange;
      return add_example(counts.examples, "must not be there: " + record.value.value_or("null"));
    }
    ++found[*id];
  });
  for (uint64_t id = 0; id < sent_.size(); ++id) {
    const Sent& sent = sent_[id];
    if (sent.kind == Message::Good) continue;
    if (found[id] < sent.times) {
      ++counts.missing;
      add_example(counts.examples, "missing: " + describe(id));
    } else {
      counts.twice += found[id] - sent.times;
    }
  }
  return counts;
}

TableCounts Verifier::read_table(const std::string& table, bool positions) const {
  TableCounts counts;
  std::vector<uint64_t> found(sent_.size(), 0);
  for (uint64_t first = 0; first < sent_.size(); first += kIdsPerQuery) {
    const auto url = asked_.clickhouse_url;
    for (const Rows& rows : parse(query(url, sql_of(table, positions, first, first + kIdsPerQuery)))) {
      if (rows.id >= sent_.size()) continue;  // counted below
      const Sent& sent = sent_[rows.id];
      found[rows.id] = rows.count;
      counts.rows += rows.count;
      const bool here = !positions || sent.times != 1 ||
                        (rows.one_position && rows.partition == sent.partition && rows.offset == sent.offset);
      if (sent.times == 0 || sent.kind != Message::Good || !here) {
        ++counts.strange;
        add_example(counts.examples, fmt::format("must not be there: {} rows of id {} of partition {} offset {}",
                                                 rows.count, rows.id, rows.partition, rows.offset));
      }
    }
  }
  const uint64_t all = std::stoull(query(asked_.clickhouse_url, "SELECT count() FROM " + table));
  if (all != counts.rows) {
    counts.strange += all - counts.rows;
    add_example(counts.examples, fmt::format("must not be there: {} rows of unknown ids", all - counts.rows));
  }
  std::map<int32_t, std::vector<int64_t>> twice;  // by partition, ascending offsets
  for (uint64_t id = 0; id < sent_.size(); ++id) {
    const Sent& sent = sent_[id];
    if (sent.times == 0 || sent.kind != Message::Good) continue;
    if (found[id] > sent.times) {
      counts.twice += found[id] - sent.times;
      twice[sent.partition].push_back(sent.offset);
    }
    if (found[id] >= sent.times) continue;
    ++(is_reported(sent) ? counts.lost_reported : counts.lost);
    add_example(counts.examples, "lost: " + describe(id));
  }
  for (const auto& [partition, offsets] : twice) {
    const auto [low, high] = std::minmax_element(offsets.begin(), offsets.end());
    add_example(counts.examples, fmt::format("twice: {} rows of partition {}, offsets {} to {}", offsets.size(),
                                             partition, *low, *high));
  }
  return counts;
}

bool Verifier::is_reported(const Sent& sent) const {
  return std::any_of(asked_.reported.begin(), asked_.reported.end(), [&](const Asked::Span& span) {
    return span.partition == sent.partition && span.first <= sent.offset && sent.offset <= span.last;
  });
}

std::string Verifier::describe(uint64_t id) const {
  return fmt::format("id {}, partition {}, offset {}", id, sent_[id].partition, sent_[id].offset);
}

}  // namespace freshet::faults

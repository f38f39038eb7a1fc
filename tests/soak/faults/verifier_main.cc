// soak-faults-verifier --bootstrap HOST:PORT --topic T --dead-letters T --clickhouse URL --table T
//   [--view-target T] [--positions] [--reported FILE] [--delivery at-least-once|exactly-once]
//
// Compares Kafka with ClickHouse and prints the counts. Exit status: 0 if the rule of the delivery holds, 1 if not, 2
// if it could not be checked. Each line of FILE is a span of offsets: partition, first, last.
#include <exception>
#include <fstream>
#include <iostream>
#include <map>

#include "verifier.h"

int main(int argc, char** argv) {
  using namespace freshet::faults;
  Asked asked;
  std::string delivery = "at-least-once";
  std::string reported;
  const std::map<std::string, std::string*> texts = {{"--bootstrap", &asked.bootstrap},
                                                     {"--topic", &asked.topic},
                                                     {"--dead-letters", &asked.dead_letters},
                                                     {"--clickhouse", &asked.clickhouse_url},
                                                     {"--table", &asked.table},
                                                     {"--view-target", &asked.view_target},
                                                     {"--reported", &reported},
                                                     {"--delivery", &delivery}};
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--positions") {
      asked.positions = true;
    } else if (const auto found = texts.find(flag); found != texts.end() && i + 1 < argc) {
      *found->second = argv[++i];
    } else {
      std::cerr << flag << ": unknown flag, or no value\n";
      return 2;
    }
  }
  asked.exactly_once = delivery == "exactly-once";
  std::ifstream spans(reported);
  for (Asked::Span span; spans >> span.partition >> span.first >> span.last;) asked.reported.push_back(span);
  try {
    return Verifier(asked).run() ? 0 : 1;
  } catch (const std::exception& e) {
    std::cerr << "not verified: " << e.what() << '\n';
    return 2;
  }
}

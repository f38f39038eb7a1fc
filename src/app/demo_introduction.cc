#include "app/demo_introduction.h"

#include <fmt/format.h>

namespace freshet::app {

std::string to_text(const DemoIntroduction& introduction) {
  std::string address = introduction.admin_address;  // without http:// and the last slash
  if (address.starts_with("http://")) address.erase(0, 7);
  if (address.ends_with('/')) address.pop_back();
  const std::string freshet = introduction.program;
  const std::string config = "--config " + introduction.config;
  return fmt::format(
      "A producer sends {} web events per second to Kafka, every thousandth malformed.\n"
      "freshet stores the others in ClickHouse, each once. {}\n"
      "Try in a browser, and in another terminal in this folder:\n"
      "  {}/?query=SELECT+count()+FROM+{}\n"
      "  {} top --admin {}     # partitions, lag, errors; r renews\n"
      "  {} explain {} --at 0:7    # how it became a row\n"
      "  {} dlq list {} --limit 3  # malformed ones\n"
      "  {} suggest-table {}   # a table for it\n"
      "Then your own Kafka and ClickHouse: edit a copy of that file, or docs/recipes.md.\n\n",
      introduction.events_per_second, introduction.renews ? "It renews its consumer every 5 s." : "",
      introduction.clickhouse_url, introduction.table, freshet, address, freshet, config, freshet, config, freshet,
      config);
}

}  // namespace freshet::app

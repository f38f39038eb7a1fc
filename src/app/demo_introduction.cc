#include "app/demo_introduction.h"

#include <fmt/format.h>

namespace freshet::app {

std::string to_text(const DemoIntroduction& introduction) {
  std::string address = introduction.admin_address;  // without http:// and the last slash
  if (address.starts_with("http://")) address.erase(0, 7);
  if (address.ends_with('/')) address.pop_back();
  const std::string renewal =
      introduction.renews ? ", and renews its consumer\nevery 5 s, without a rebalance: see the pause" : "";
  return fmt::format(
      "A producer sends {events} web events/s to Kafka; one in a thousand is malformed.\n"
      "freshet stores the others in ClickHouse, each once{renewal}. Try in a browser\n"
      "  {admin}     (freshet's page)\n"
      "  {clickhouse}/?query=SELECT+count()+FROM+{table}\n"
      "and in another terminal, in this folder:\n"
      "  config={config}\n"
      "  {freshet} top --admin {address}\n"
      "  {freshet} dlq count --config $config\n"
      "  {freshet} dlq list --config $config --limit 3\n"
      "  {freshet} suggest-table --config $config\n"
      "For your own Kafka and ClickHouse: docs/recipes.md\n",
      fmt::arg("events", introduction.events_per_second), fmt::arg("renewal", renewal),
      fmt::arg("admin", introduction.admin_address), fmt::arg("clickhouse", introduction.clickhouse_url),
      fmt::arg("table", introduction.table), fmt::arg("freshet", introduction.program), fmt::arg("address", address),
      fmt::arg("config", introduction.config));
}

}  // namespace freshet::app

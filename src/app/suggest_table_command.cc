#include "app/suggest_table_command.h"

#include <string>
#include <utility>

#include "app/processor_factory.h"
#include "app/suggested_table.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret_mask.h"

namespace freshet::app {

int suggest_table(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out,
                  std::ostream& errors) {
  const SecretMask secrets(settings.telemetry.secrets);
  const auto refuse = [&](const Error& error, int status) {
    errors << "freshet: " << secrets.masked(error.text) << '\n';
    return status;
  };
  Metrics metrics;
  const auto factory = json_processor_factory(settings.pipeline.processors, {&clock, &metrics}, null_log());
  if (!factory) return refuse(factory.error(), 2);
  const auto table = suggest_table_for_topic(settings, *(*factory)(), clock, std::move(stop));
  if (!table) return refuse(table.error(), 1);
  out << to_text(*table, settings.json);
  return 0;
}

}  // namespace freshet::app

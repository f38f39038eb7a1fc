// Explains rows column by column, with the table if one is configured.
#pragma once

#include <stop_token>
#include <string_view>
#include <vector>

#include "app/explanation.h"
#include "base/clock.h"
#include "model/rows.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"

namespace freshet::app {

struct ExplainingTools {
  Clock& clock;
  const std::stop_token& stop;
  secrets::SecretStore* secrets;
};

// Fills `rows`, `table`, `why_not_asked` and `complete`. `rows`: JSON objects as the processor writes them.
void explain_rows(const settings::Pipeline& pipeline, const RowLayout& layout,
                  const std::vector<std::string_view>& rows, ExplainingTools tools, Explanation& out);

}  // namespace freshet::app

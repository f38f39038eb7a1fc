// The columns of the table for rows in its types.
#pragma once

#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret_mask.h"
#include "model/table_columns.h"
#include "settings/settings.h"

namespace freshet::app {

// Asks the server. Empty: rows are to be JSONEachRow, because the server does not compare the types of an insert's
// columns with those of the table, which may be altered meanwhile (18.16 stores wrong values of some types then), or a
// setting gives JSONEachRow another meaning than usual. Errors: see clickhouse::ClickHouseClient.
Result<TableColumns> table_types(const settings::Pipeline& pipeline, Clock& clock, Duration timeout,
                                 const std::stop_token& stop, SecretMask* secrets);

}  // namespace freshet::app

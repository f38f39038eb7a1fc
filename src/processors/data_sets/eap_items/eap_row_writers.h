// Writes the rows of EAPItemsProcessor as RowBinary and as JSONEachRow, for current and older Snuba.
#pragma once

#include <string>
#include <vector>

#include "columns/row_binary_writer.h"
#include "processors/data_sets/eap_items/eap_row.h"
#include "processors/formats/row_writer.h"

namespace freshet::processors {

// The columns of the INSERT in the order in which write_eap_row_binary() writes them.
std::vector<std::string> eap_row_binary_columns(bool june, bool received_at);

void write_eap_json(const EapRow& row, const AttributeColumns& columns, bool june, RowWriter& out);
// `scratch` holds the JSON text column of older Snuba.
void write_eap_row_binary(const EapRow& row, const AttributeColumns& columns, bool june, RowWriter& scratch,
                          columns::RowBinaryWriter& out);

}  // namespace freshet::processors

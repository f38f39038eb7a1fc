// Writes the row of a transaction.
#pragma once

#include "processors/data_sets/transactions/transaction_reader.h"
#include "processors/python/python_row.h"

namespace freshet::processors {

void write_transaction(const Transaction& transaction, const MessageContext& context, const Message& message,
                       PythonRow& row);

}  // namespace freshet::processors

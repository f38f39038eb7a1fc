// Writes the row of a transaction.
#pragma once

#include "processors/python_row.h"
#include "processors/transaction_reader.h"

namespace freshet::processors {

void write_transaction(const Transaction& transaction, const MessageContext& context, const Message& message,
                       PythonRow& row);

}  // namespace freshet::processors

// What a dead-letter record contains of its source message. For messages that became rows, this context is encoded
// beside the rows in case the table rejects them, and decoded only then. A large message is kept whole instead, in
// ProcessedChunk::dlq_messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/dead_letter_record.h"
#include "model/message.h"
#include "model/rows.h"

namespace freshet::stream {

// Appends the message's key, headers and, unless `rows_are_payload`, payload. Appends nothing if none of them is set.
// `headers` is scratch space.
void encode_dlq_context(const Message& message, bool rows_are_payload, std::vector<HeaderView>& headers,
                        std::string& out);

// Builds the record of one message of `chunk`. The caller sets the reason.
DeadLetterRecord decode_dlq_context(const ProcessedChunk& chunk, const MessageRows& message, std::string_view topic);

// Builds the record of a message that produced no rows. The caller sets the reason.
DeadLetterRecord dead_letter_of(const Message& message, Partition partition, std::string_view topic);

}  // namespace freshet::stream

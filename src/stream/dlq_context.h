// What a dead-letter record says about the message that it is made of. Of a message that became rows it is kept beside
// the rows in an encoded form (a large message as a whole, in ProcessedChunk::dlq_messages), in case the table rejects
// them; only then it is decoded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/dead_letter_record.h"
#include "model/message.h"
#include "model/rows.h"

namespace freshet::stream {

// Appends key, headers and (unless `rows_are_payload`) payload of the message. Appends nothing where all of them are
// empty. `headers` is the caller's scratch.
void encode_dlq_context(const Message& message, bool rows_are_payload, std::vector<HeaderView>& headers,
                        std::string& out);

// The record of one message of `chunk`. The caller fills in the reason.
DeadLetterRecord decode_dlq_context(const ProcessedChunk& chunk, const MessageRows& message, std::string_view topic);

// The record of a message that became no rows. The caller fills in the reason.
DeadLetterRecord dead_letter_of(const Message& message, Partition partition, std::string_view topic);

}  // namespace freshet::stream

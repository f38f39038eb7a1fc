// What a dead letter would need of a message that became rows, in a compact form: only rows that the table refuses are
// ever unpacked again.
#pragma once

#include <string>
#include <string_view>

#include "model/dead_letter.h"
#include "model/message.h"
#include "model/rows.h"

namespace freshet::stream {

// Appends key, headers and (unless `rows_are_payload`) payload of `message` to `kept`. Appends nothing where there is
// nothing to remember. `headers` is the caller's scratch.
void keep(const Message& message, bool rows_are_payload, std::vector<HeaderView>& headers, std::string& kept);

// The same of a large message, without a copy.
void keep(Message message, ProcessedChunk& chunk);

// Copies key, payload and headers.
void copy_to(DeadLetter& letter, const Message& message);

// The letter of one message of `chunk`; reason fields are the caller's to fill.
DeadLetter unkeep(const ProcessedChunk& chunk, const MessageRows& message, std::string_view topic);

}  // namespace freshet::stream

// Reads the inner document of a replay message, each kind with its own fields.
#pragma once

#include <string_view>

#include "processors/json_reader.h"
#include "processors/replay_row.h"

namespace freshet::processors {

// False: no kind is called so.
bool replay_kind(std::string_view name, ReplayKind& kind);

// Reads the object of `out.kind` that stands at the reader. False after an error, which the reader knows.
bool read_replay_document(JsonReader& json, ReplayMessage& out);
// The same for an array of which the type was read already.
bool read_rest_of_replay_document(JsonReader& json, ReplayMessage& out);

}  // namespace freshet::processors

// Reads the inner document of a replay message; each kind has its own fields.
#pragma once

#include <string_view>

#include "processors/data_sets/replays/replay_row.h"
#include "processors/json/json_reader.h"

namespace freshet::processors {

// False: the kind is unknown.
bool replay_kind(std::string_view name, ReplayKind& kind);

// Reads the next value as an object of `out.kind`. False: the reader has the error.
bool read_replay_document(JsonReader& json, ReplayMessage& out);
// As read_replay_document(), for an array whose first element, the type, has been read.
bool read_rest_of_replay_document(JsonReader& json, ReplayMessage& out);

}  // namespace freshet::processors

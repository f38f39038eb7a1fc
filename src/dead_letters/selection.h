// Which dead letters a command is about.
#pragma once

#include "dead_letters/dead_letters_settings.h"
#include "dead_letters/stored_dead_letter.h"

namespace freshet::dead_letters {

bool matches(const Selection& selection, const StoredDeadLetter& letter, bool replayed);

}  // namespace freshet::dead_letters

// What an operator's "go on from offset N" did to a held partition. Data only.
#pragma once

#include <cstdint>
#include <string>

#include "model/ids.h"

namespace freshet {

struct Released {
  Partition partition;
  uint64_t given_up = 0;     // messages that could be put nowhere: no row and no dead letter comes of them
  uint64_t not_read = 0;     // offsets that are skipped unread, some of which may be no message
  bool batch = false;        // a batch that waited: what of it the table refuses is bad data from now on
  bool flood = false;        // the dead letters that waited go out now
  std::string held_again;    // why the partition is held still; empty = it goes on
  std::string text() const;  // one line, for a person
};

}  // namespace freshet

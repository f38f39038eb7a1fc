// Messages for a storage's topic, and their expected results.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "testkit/kafka_client.h"

namespace freshet::e2e {

struct Sent {
  std::string name;        // of the case, for failure messages
  testkit::Record record;  // with partition and offset
  std::string result;      // "rows", "skip", "invalid" or "replacement"
  nlohmann::json rows;     // "<...>" matches anything
  std::string key;         // of a replacement
};

// The golden cases of the processor, Snuba's recorded messages if they are installed beside the project, some garbage,
// and as the last message of each partition one that becomes rows. Offsets start at 0.
std::vector<Sent> messages_for(const std::string& storage);

}  // namespace freshet::e2e

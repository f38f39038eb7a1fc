// Messages for a storage's topic, and what `freshet process` makes of them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "testkit/kafka_client.h"

namespace freshet::e2e {

struct Sent {
  std::string name;        // of the case, for the failure's text
  testkit::Record record;  // with partition and offset
  std::string verdict;     // "rows", "skip", "invalid" or "replacement"
  nlohmann::json rows;     // "<...>" matches anything
  std::string key;         // of a replacement
};

// The golden cases of the processor, the recorded examples where they lie beside the project, some garbage, and on each
// partition of the topic a message that becomes rows as the last one. Offsets begin at 0.
std::vector<Sent> messages_for(const std::string& storage);

}  // namespace freshet::e2e

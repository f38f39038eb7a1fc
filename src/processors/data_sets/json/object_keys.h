// Finds the columns of an object's keys. Objects mostly have the keys of the last one in the same order, so each key
// remembers the one that followed it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace freshet::processors {

// What becomes of the value of a key.
struct KeyTarget {
  enum class Kind : uint8_t {
    Column,   // written to the column of this index
    Ignored,  // not in the row, whatever its value
    Skipped,  // by the server
    Json,     // the rows of the message are JSONEachRow
    Wanted,   // as Json; the table's column of this index has a default that only the server knows
  };
  Kind kind = Kind::Json;
  uint32_t index = 0;
};

// Threads: one.
class ObjectKeys {
 public:
  // `unknown`: what becomes of keys that were not added.
  explicit ObjectKeys(KeyTarget::Kind unknown);

  // `name` as it is, without escapes. The first target of a name counts.
  void add(std::string_view name, KeyTarget target);
  // A key that has this name, or one that differs in upper and lower case, is Json.
  void add_spelling(std::string_view name);

  void begin_object() { last_ = 0; }
  // `raw`: as in the text, between the quotes. Remembers a limited number of other keys.
  KeyTarget find(std::string_view raw) {
    const uint32_t next = keys_[last_].next;
    if (keys_[next].name != raw || next == 0) return find_other(raw);
    last_ = next;
    return keys_[next].target;
  }

 private:
  struct Key {
    std::string name;
    KeyTarget target;
    uint32_t next = 0;  // index of the key that followed it last; 0: none
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  KeyTarget find_other(std::string_view raw);
  KeyTarget::Kind kind_of_unknown(std::string_view raw);

  KeyTarget::Kind unknown_;
  std::vector<Key> keys_;  // the first one stands for the beginning of an object
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> index_;
  std::unordered_set<std::string> spellings_;  // in lower case
  size_t remembered_ = 0;                      // keys that were not added
  uint32_t last_ = 0;
  std::string lower_;  // scratch
};

}  // namespace freshet::processors

// CityHash128 as of version 1.0.2 (later versions differ): the checksum of ClickHouse's compressed blocks, and the
// digest of rows in insert tokens. Not a cryptographic hash.
#pragma once

#include <cstdint>
#include <string_view>

namespace freshet {

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

// Threads: any. The algorithm is by Geoff Pike and Jyrki Alakuijala (Google, CityHash 1.0.2, MIT licence).
Hash128 city_hash_128(std::string_view bytes);
// A different seed gives an unrelated hash of the same bytes.
Hash128 city_hash_128(std::string_view bytes, Hash128 seed);

}  // namespace freshet

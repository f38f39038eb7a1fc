// The checksum of ClickHouse's compressed blocks: CityHash128 as of version 1.0.2. Later versions differ.
#pragma once

#include <cstdint>
#include <string_view>

namespace freshet::clickhouse {

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

// Threads: any. The algorithm is by Geoff Pike and Jyrki Alakuijala (Google, CityHash 1.0.2, MIT licence).
Hash128 city_hash_128(std::string_view bytes);

}  // namespace freshet::clickhouse

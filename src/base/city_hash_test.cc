#include "base/city_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace freshet {
namespace {

// Vectors of the block format's description. In the contract tests, real servers verify longer inputs.
TEST(CityHash, AgreesWithKnownVectors) {
  EXPECT_EQ(city_hash_128(""), (Hash128{0x3df09dfc64c09a2b, 0x3cb540c392e51e29}));
  EXPECT_EQ(city_hash_128("TSDGQtM27SmjL0naFMqcQ3ETsYKbDbrBeIj"), (Hash128{0x5a568f460b784901, 0x8194e9a0cefb22fd}));
  const std::string block("\x82\x0c\0\0\0\x02\0\0\0\x20\x5b\x5d", 12);
  EXPECT_EQ(city_hash_128(block), (Hash128{0x09a309e2ef60444c, 0x48489a2c0dbb6d53}));
}

TEST(CityHash, EveryLengthHasAHashOfItsOwn) {
  std::set<uint64_t> seen;
  std::string text;
  for (int i = 0; i < 600; ++i, text.push_back(static_cast<char>('a' + i % 7))) seen.insert(city_hash_128(text).low);
  EXPECT_EQ(seen.size(), 600u);
}

TEST(CityHash, EverySeedHasAHashOfItsOwn) {
  for (const size_t size : {0u, 1u, 16u, 127u, 128u, 500u}) {
    const std::string text(size, 'x');
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < 300; ++i) {
      seen.insert(city_hash_128(text, {i, 0}).low);
      seen.insert(city_hash_128(text, {0, i + 1}).low);
    }
    EXPECT_EQ(seen.size(), 600u) << size;
  }
}

}  // namespace
}  // namespace freshet

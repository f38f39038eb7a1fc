#include "clickhouse/block_encoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "base/city_hash.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::clickhouse {
namespace {

class Encoding : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(Methods, Encoding, testing::Values(Compression::Lz4, Compression::Zstd));

uint64_t u64_at(std::string_view bytes, size_t at) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}
uint32_t u32_at(std::string_view bytes, size_t at) { return static_cast<uint32_t>(u64_at(bytes, at)); }

// Checks the checksums and sizes of all blocks; returns their plain sizes.
std::vector<size_t> walk(std::string_view blocks, unsigned char method) {
  std::vector<size_t> sizes;
  while (!blocks.empty()) {
    EXPECT_EQ(static_cast<unsigned char>(blocks[16]), method);
    const size_t size = u32_at(blocks, 17);
    EXPECT_EQ(city_hash_128(blocks.substr(16, size)), (Hash128{u64_at(blocks, 0), u64_at(blocks, 8)}));
    sizes.push_back(u32_at(blocks, 21));
    EXPECT_LE(sizes.back(), BlockEncoder::kBlockBytes);
    blocks.remove_prefix(16 + size);
  }
  return sizes;
}

std::string random_text(size_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST_P(Encoding, RoundTripsAnyCutIntoPieces) {
  BlockEncoder encoder(GetParam());
  std::mt19937_64 random(1);
  for (int round = 0; round < 6; ++round) {
    std::vector<std::string> parts;
    const size_t count = random() % 20;
    for (size_t i = 0; i < count; ++i) {
      const size_t size = random() % (i % 3 == 0 ? 3'000'000 : i % 3 == 1 ? 300'000 : 100);
      parts.push_back(i % 2 == 0 ? random_text(size, random()) : std::string(size, 'x'));
    }
    const std::vector<std::string_view> pieces(parts.begin(), parts.end());
    std::string plain;
    for (const auto& part : parts) plain += part;
    const std::string_view blocks = encoder.encode(pieces);
    ASSERT_EQ(testkit::decode_blocks(blocks), plain);
    const auto sizes = walk(blocks, GetParam() == Compression::Lz4 ? 0x82 : 0x90);
    for (size_t i = 0; i + 1 < sizes.size(); ++i) EXPECT_GE(sizes[i], BlockEncoder::kBlockBytes / 4);
  }
}

TEST_P(Encoding, SameInputSameBytes) {
  BlockEncoder encoder(GetParam());
  const std::string text = random_text(100'000, 5) + std::string(2'000'000, 'y');
  const std::string first(encoder.encode({text}));
  encoder.encode({"something else"});
  EXPECT_EQ(encoder.encode({text}), first);
}

TEST(BlockEncoder, WritesTheDocumentedHeader) {
  BlockEncoder encoder(Compression::Lz4);
  const std::string_view block = encoder.encode({"{\"a\":1}\n"});
  const std::string expected(
      "\x99\xca\xc7\x16\xc7\x63\x10\x54\x55\x4a\xcb\x73\x7a\x34\x59\x12"
      "\x82\x12\0\0\0\x08\0\0\0\x80{\"a\":1}\n",
      34);
  EXPECT_EQ(block, expected);
}

TEST(BlockEncoder, NothingGivesNoBlock) {
  BlockEncoder encoder(Compression::Lz4);
  EXPECT_EQ(encoder.encode({}), "");
  EXPECT_EQ(encoder.encode({"", ""}), "");
}

}  // namespace
}  // namespace freshet::clickhouse

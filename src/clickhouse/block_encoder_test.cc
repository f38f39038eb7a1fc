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

std::string joined(const Body& body) {
  std::string all;
  for (const std::string_view part : body) all += part;
  return all;
}

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
    const std::string blocks = joined(encoder.encode(pieces));
    ASSERT_EQ(testkit::decode_blocks(blocks), plain);
    const auto sizes = walk(blocks, GetParam() == Compression::Lz4 ? 0x82 : 0x90);
    for (size_t i = 0; i + 1 < sizes.size(); ++i) EXPECT_GE(sizes[i], BlockEncoder::kBlockBytes / 4);
  }
}

TEST_P(Encoding, SameInputSameBytes) {
  BlockEncoder encoder(GetParam());
  const std::string text = random_text(100'000, 5) + std::string(2'000'000, 'y');
  const std::string first = joined(encoder.encode({text}));
  encoder.encode({"something else"});
  EXPECT_EQ(joined(encoder.encode({text})), first);
}

// A column is longer than a frame, and its frames come before those of the columns that stand before it.
TEST_P(Encoding, FramesTakeTheirPlaceInTheBody) {
  BlockEncoder encoder(GetParam());
  const std::string late = random_text(3'000'000, 1);
  const std::string early = random_text(200'000, 2) + std::string(6'000'000, 'z');
  for (int round = 0; round < 2; ++round) {
    encoder.begin();
    std::vector<columns::BlockPiece> frames_of_late;
    ASSERT_TRUE(encoder.frame(late, frames_of_late));
    EXPECT_EQ(frames_of_late.size(), 3u);
    std::vector<columns::BlockPiece> pieces = {{"header"}};
    ASSERT_TRUE(encoder.frame(early, pieces));
    pieces.push_back({"between"});
    pieces.push_back({std::string_view(early).substr(0, 1000)});
    pieces.insert(pieces.end(), frames_of_late.begin(), frames_of_late.end());
    pieces.push_back({"end"});
    const std::string blocks = joined(encoder.assemble(pieces));
    EXPECT_EQ(testkit::decode_blocks(blocks), "header" + early + "between" + early.substr(0, 1000) + late + "end");
    EXPECT_EQ(walk(blocks, GetParam() == Compression::Lz4 ? 0x82 : 0x90).size(), 1u + 6 + 1 + 3 + 1);
  }
}

TEST(BlockEncoder, FramesHaveALimit) {
  BlockEncoder encoder(Compression::Lz4);
  const std::string text(64 << 20, 'x');
  std::vector<columns::BlockPiece> frames;
  encoder.begin();
  for (uint64_t framed = text.size(); framed <= BlockEncoder::kMostFramed; framed += text.size()) {
    ASSERT_TRUE(encoder.frame(text, frames));
  }
  EXPECT_FALSE(encoder.frame("x", frames));
  encoder.begin();
  EXPECT_TRUE(encoder.frame("x", frames));
}

TEST(BlockEncoder, WritesTheDocumentedHeader) {
  BlockEncoder encoder(Compression::Lz4);
  const std::string block = joined(encoder.encode({"{\"a\":1}\n"}));
  const std::string expected(
      "\x99\xca\xc7\x16\xc7\x63\x10\x54\x55\x4a\xcb\x73\x7a\x34\x59\x12"
      "\x82\x12\0\0\0\x08\0\0\0\x80{\"a\":1}\n",
      34);
  EXPECT_EQ(block, expected);
}

TEST(BlockEncoder, NothingGivesNoBlock) {
  BlockEncoder encoder(Compression::Lz4);
  EXPECT_TRUE(encoder.encode({}).empty());
  EXPECT_TRUE(encoder.encode({"", ""}).empty());
}

}  // namespace
}  // namespace freshet::clickhouse

#include "clickhouse/body_buffers.h"

#include <gtest/gtest.h>

#include <string>

#include "clickhouse/block_encoder.h"

namespace freshet::clickhouse {
namespace {

constexpr size_t kMiB = 1 << 20;

BodyBuffer used(BodyBuffers& buffers, size_t bytes) {
  BodyBuffer buffer = buffers.take(bytes);
  buffer.touched = bytes;
  return buffer;
}

TEST(BodyBuffers, TheNextBodyGetsTheSameMemory) {
  BodyBuffers buffers;
  BodyBuffer first = used(buffers, kMiB);
  const char* const memory = first.bytes.get();
  buffers.put(std::move(first), nullptr);
  BodyBuffer second = buffers.take(kMiB + kMiB / 8);
  EXPECT_EQ(second.bytes.get(), memory);
  EXPECT_EQ(second.touched, kMiB);
  EXPECT_NE(buffers.take(kMiB).bytes.get(), memory);
}

TEST(BodyBuffers, ASmallBufferIsReplaced) {
  BodyBuffers buffers;
  buffers.put(used(buffers, 1000), nullptr);
  const BodyBuffer larger = buffers.take(kMiB);
  EXPECT_GE(larger.capacity, kMiB);
  EXPECT_EQ(larger.touched, 0u);
}

TEST(BodyBuffers, WhatIsKeptIsCharged) {
  const auto budget = std::make_shared<ByteBudget>(16 * kMiB);
  BodyBuffers buffers;
  buffers.put(used(buffers, 3 * kMiB), budget);
  EXPECT_EQ(budget->held(), 3 * kMiB);
  buffers.put(used(buffers, 2 * kMiB), budget);  // in the memory of the first
  EXPECT_EQ(budget->held(), 2 * kMiB);
  buffers.release();
  EXPECT_EQ(budget->held(), 0u);
}

TEST(BodyBuffers, KeepsNoMoreThanAShareOfTheBudget) {
  const auto budget = std::make_shared<ByteBudget>(16 * kMiB);
  BodyBuffers buffers;
  buffers.put(used(buffers, 5 * kMiB), budget);
  EXPECT_EQ(budget->held(), 0u);
  const Charge rows(budget, 20 * kMiB);
  buffers.put(used(buffers, kMiB), budget);
  EXPECT_EQ(budget->held(), 20 * kMiB);
}

TEST(BodyBuffers, KeepsNoneThatIsVeryLarge) {
  const auto budget = std::make_shared<ByteBudget>(1000 * kMiB);
  BodyBuffers buffers;
  buffers.put(used(buffers, BodyBuffers::kLargestKept + 1), budget);
  EXPECT_EQ(budget->held(), 0u);
}

TEST(BodyBuffers, EncodersShareThem) {
  const auto budget = std::make_shared<ByteBudget>(100 * kMiB);
  const auto buffers = std::make_shared<BodyBuffers>();
  BlockEncoder one(Compression::Lz4, false, buffers);
  BlockEncoder other(Compression::Lz4, false, buffers);
  const std::string text(3 * kMiB, 'x');
  const std::string_view first = one.encode({text});
  const std::string body(first);
  one.finish(budget);
  EXPECT_EQ(budget->held(), body.size());
  const std::string_view second = other.encode({text});
  EXPECT_EQ(second, body);
  EXPECT_EQ(second.data(), first.data());
  EXPECT_EQ(other.body_memory(), body.size());
}

}  // namespace
}  // namespace freshet::clickhouse

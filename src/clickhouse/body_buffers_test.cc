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
  buffers.put(std::move(first));
  BodyBuffer second = buffers.take(kMiB + kMiB / 8);
  EXPECT_EQ(second.bytes.get(), memory);
  EXPECT_EQ(second.touched, kMiB);
  EXPECT_NE(buffers.take(kMiB).bytes.get(), memory);
}

TEST(BodyBuffers, ASmallBufferIsReplaced) {
  BodyBuffers buffers;
  buffers.put(used(buffers, 1000));
  const BodyBuffer larger = buffers.take(kMiB);
  EXPECT_GE(larger.capacity, kMiB);
  EXPECT_EQ(larger.touched, 0u);
}

TEST(BodyBuffers, KeepsNoneThatIsVeryLargeAndNoneAfterRelease) {
  BodyBuffers buffers;
  buffers.put(used(buffers, BodyBuffers::kLargestKept + 1));
  EXPECT_EQ(buffers.take(1).touched, 0u);
  buffers.put(used(buffers, kMiB));
  buffers.release();
  EXPECT_EQ(buffers.take(1).touched, 0u);
}

TEST(BodyBuffers, EncodersShareThem) {
  const auto buffers = std::make_shared<BodyBuffers>();
  BlockEncoder one(Compression::Lz4, false, buffers);
  BlockEncoder other(Compression::Lz4, false, buffers);
  const std::string text(3 * kMiB, 'x');
  const std::string_view first = one.encode({text});
  const std::string body(first);
  one.finish();
  const std::string_view second = other.encode({text});
  EXPECT_EQ(second, body);
  EXPECT_EQ(second.data(), first.data());
  EXPECT_EQ(other.body_memory(), body.size());
}

}  // namespace
}  // namespace freshet::clickhouse

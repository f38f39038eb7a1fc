#include "clickhouse/body_buffers.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "clickhouse/block_encoder.h"

namespace freshet::clickhouse {
namespace {

TEST(BodyBuffers, TheNextBodyGetsTheSameMemory) {
  BodyBuffers buffers;
  BodyBuffer first = buffers.take();
  const char* const memory = first.bytes.get();
  first.touched = 1000;
  buffers.put(std::move(first));
  const BodyBuffer second = buffers.take();
  EXPECT_EQ(second.bytes.get(), memory);
  EXPECT_EQ(second.touched, 1000u);
  EXPECT_NE(buffers.take().bytes.get(), memory);
}

TEST(BodyBuffers, KeepsSomeAndNoneAfterRelease) {
  BodyBuffers buffers;
  std::vector<BodyBuffer> taken(BodyBuffers::kMostKept + 1);
  const auto give_back = [&] {
    for (BodyBuffer& buffer : taken) buffers.put(std::move(buffer));
  };
  const auto take_again = [&] {
    size_t used = 0;
    for (BodyBuffer& buffer : taken) {
      buffer = buffers.take();
      used += buffer.touched > 0 ? 1 : 0;
      buffer.touched = 1;
    }
    return used;
  };
  EXPECT_EQ(take_again(), 0u);
  give_back();
  EXPECT_EQ(take_again(), BodyBuffers::kMostKept);
  give_back();
  buffers.release();
  EXPECT_EQ(take_again(), 0u);
}

TEST(BodyBuffers, EncodersShareThem) {
  const auto buffers = std::make_shared<BodyBuffers>();
  BlockEncoder one(Compression::Lz4, false, buffers);
  BlockEncoder other(Compression::Lz4, false, buffers);
  const std::string text(3 << 20, 'x');
  const Body first = one.encode({text});
  const std::string body(first.front());
  one.finish();
  const Body second = other.encode({text});
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second.front(), body);
  EXPECT_EQ(second.front().data(), first.front().data());
  EXPECT_EQ(other.body_memory(), body.size());
}

}  // namespace
}  // namespace freshet::clickhouse

#include "stream/batch_requests.h"

#include <gtest/gtest.h>

#include "stream/chunk_for_test.h"

namespace freshet::stream {
namespace {

using Pieces = std::vector<std::pair<std::string_view, const RowLayout*>>;

// Chunks of two messages with one row each.
struct BatchRequestsTest : testing::Test {
  void add(std::shared_ptr<const RowLayout> layout, const std::string& rows) {
    const auto first = static_cast<int64_t>(2 * batch.chunks.size());
    auto one = chunk(batch.chunks.size(), first, first + 1);
    one->layout = std::move(layout);
    one->rows = rows;
    for (size_t i = 0; i < 2; ++i) {
      one->messages[i].rows_begin = i * rows.size() / 2;
      one->messages[i].rows_size = rows.size() / 2;
    }
    last = one.get();
    batch.chunks.push_back(one);
    batch.row_count += 2;
    batch.row_bytes += rows.size();
  }
  // The pieces of the request with their layouts.
  static Pieces pieces(const InsertRequest& request) {
    Pieces out;
    for (size_t i = 0; i < request.rows.size(); ++i) {
      out.emplace_back(request.rows[i], request.layouts.empty() ? request.layout : request.layouts[i]);
    }
    return out;
  }

  const std::shared_ptr<const RowLayout> narrow =
      std::make_shared<RowLayout>(RowLayout{RowFormat::Native, {"a"}, {"UInt8"}});
  const std::shared_ptr<const RowLayout> wide =
      std::make_shared<RowLayout>(RowLayout{RowFormat::Native, {"a"}, {"UInt16"}});
  const RowLayout* const json = plain_layout().get();
  SealedBatch batch;
  ProcessedChunk* last = nullptr;
};

TEST_F(BatchRequestsTest, RowsOfOneLayoutAreSentInIt) {
  add(narrow, "ab");
  add(std::make_shared<RowLayout>(*narrow), "cd");
  batch.layout = narrow;
  const BatchRequests requests(batch);
  EXPECT_EQ(pieces(requests.request(requests.whole())), (Pieces{{"ab", narrow.get()}, {"cd", narrow.get()}}));
  EXPECT_EQ(pieces(requests.request({1, 3})), (Pieces{{"b", narrow.get()}, {"c", narrow.get()}}));
}

TEST_F(BatchRequestsTest, EachPieceOfSeveralLayoutsHasItsOwn) {
  add(narrow, "ab");
  add(wide, "CCDD");
  add(std::make_shared<RowLayout>(), "ef");
  add(std::make_shared<RowLayout>(*narrow), "gh");
  last->messages[0].json_each_row = true;
  last->json_messages = 1;
  const Pieces all = {{"ab", narrow.get()}, {"CCDD", wide.get()}, {"ef", json}, {"g", json}, {"h", narrow.get()}};
  const BatchRequests requests(batch);
  for (const InsertRequest& whole : {requests.request(requests.whole()), whole_request(batch)}) {
    EXPECT_EQ(whole.layout, json);
    EXPECT_EQ(pieces(whole), all);
    EXPECT_EQ(whole.row_count, 8u);
    EXPECT_EQ(whole.row_bytes, 10u);
  }
  const InsertRequest one_type = requests.request({2, 4});
  EXPECT_TRUE(one_type.layouts.empty()) << "a part of one type is sent in it";
  EXPECT_EQ(pieces(one_type), (Pieces{{"CCDD", wide.get()}}));
  EXPECT_EQ(pieces(requests.request({4, 7})), (Pieces{{"ef", json}, {"g", json}}));
  EXPECT_TRUE(requests.request({4, 7}).layouts.empty());
  EXPECT_EQ(pieces(requests.request(requests.whole(), {Offset{0}, Offset{2}, Offset{7}})),
            (Pieces{{"a", narrow.get()}, {"CC", wide.get()}, {"h", narrow.get()}}));
}

TEST(FitOneInsertTest, WhatCanBecomeJsonWithoutAColumnList) {
  const RowLayout narrow{RowFormat::Native, {"a"}, {"UInt8"}};
  const RowLayout others{RowFormat::Native, {"a", "b"}, {"UInt8", "UInt8"}};
  const RowLayout binary{RowFormat::RowBinary, {"a"}};
  const RowLayout listed{RowFormat::JsonEachRow, {"a"}};
  EXPECT_TRUE(fit_one_insert(narrow, others));
  EXPECT_TRUE(fit_one_insert(narrow, {}));
  EXPECT_TRUE(fit_one_insert({}, narrow));
  EXPECT_TRUE(fit_one_insert(binary, binary));
  EXPECT_FALSE(fit_one_insert(binary, {}));
  EXPECT_FALSE(fit_one_insert(narrow, listed));
  EXPECT_FALSE(fit_one_insert(binary, {RowFormat::RowBinary, {"b"}}));
}

}  // namespace
}  // namespace freshet::stream

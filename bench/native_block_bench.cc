// RowBinary rows to a block of columns. The counter `row` is the time of one row.
#include <benchmark/benchmark.h>

#include <random>

#include "clickhouse/block_encoder.h"
#include "columns/native_block.h"
#include "columns/row_binary_writer.h"

namespace freshet::columns {
namespace {

constexpr uint32_t kRows = 8000;

struct Rows {
  std::vector<std::string> types;
  std::string bytes;
};

std::string random_text(std::mt19937_64& random, size_t size) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

// Like a web event: 14 columns, of which five are texts.
Rows flat_rows() {
  Rows rows;
  rows.types = {"UInt64", "DateTime64(3)", "UInt32", "UUID",   "String", "String", "UInt16",
                "UInt8",  "Float64",       "IPv6",   "String", "String", "String", "Int32"};
  std::mt19937_64 random(1);
  RowBinaryWriter out;
  for (uint32_t i = 0; i < kRows; ++i) {
    out.fixed(uint64_t{i});
    out.fixed(uint64_t{1'790'000'000'000} + i);
    out.fixed(static_cast<uint32_t>(random()));
    out.raw(random_text(random, 16));
    out.string(random_text(random, 10 + random() % 40));
    out.string(random_text(random, 120));
    out.fixed(static_cast<uint16_t>(200));
    out.fixed(static_cast<uint8_t>(random() % 2));
    out.fixed(0.5 * i);
    out.raw(random_text(random, 16));
    out.string(random_text(random, 5));
    out.string(random_text(random, 20 + random() % 20));
    out.string(random_text(random, 80));
    out.fixed(static_cast<int32_t>(i));
  }
  rows.bytes = out.bytes();
  return rows;
}

// The same texts in a row, a few of them different, as wrapped columns.
Rows wrapped_rows() {
  Rows rows;
  rows.types = {"LowCardinality(String)", "LowCardinality(Nullable(String))", "Nullable(UInt64)", "Nullable(String)"};
  std::mt19937_64 random(1);
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(random_text(random, 5 + random() % 20));
  RowBinaryWriter out;
  for (uint32_t i = 0; i < kRows; ++i) {
    out.string(names[random() % 100]);
    out.fixed(uint8_t{0});
    out.string(names[random() % 100]);
    out.fixed(uint8_t{0});
    out.fixed(uint64_t{i});
    out.fixed(static_cast<uint8_t>(random() % 2));
    if (out.bytes().back() == 0) out.string(names[random() % 100]);
  }
  rows.bytes = out.bytes();
  return rows;
}

// Like an error event: tags, frames of a stack trace, and an id.
Rows nested_rows() {
  Rows rows;
  rows.types = {"UUID", "Map(String, String)", "Array(String)", "Array(Nullable(UInt32))", "Array(UInt64)"};
  std::mt19937_64 random(1);
  RowBinaryWriter out;
  for (uint32_t i = 0; i < kRows; ++i) {
    out.raw(random_text(random, 16));
    out.count(20);
    for (int tag = 0; tag < 20; ++tag) {
      out.string(random_text(random, 8));
      out.string(random_text(random, 5 + random() % 20));
    }
    out.count(15);
    for (int frame = 0; frame < 15; ++frame) out.string(random_text(random, 30));
    out.count(15);
    for (int frame = 0; frame < 15; ++frame) {
      out.fixed(static_cast<uint8_t>(frame % 3 == 0));
      if (frame % 3 != 0) out.fixed(static_cast<uint32_t>(random()));
    }
    out.count(4);
    for (int hash = 0; hash < 4; ++hash) out.fixed(random());
  }
  rows.bytes = out.bytes();
  return rows;
}

void encode(benchmark::State& state, const Rows& rows) {
  std::vector<std::string> names;
  for (size_t i = 0; i < rows.types.size(); ++i) names.push_back("column_" + std::to_string(i));
  NativeBlock block = NativeBlock::create(names, rows.types).value();
  for (auto _ : state) {
    auto encoded = block.encode({rows.bytes}, kRows);
    benchmark::DoNotOptimize(encoded);
  }
  state.SetBytesProcessed(static_cast<int64_t>(rows.bytes.size()) * state.iterations());
  state.counters["row"] =
      benchmark::Counter(kRows, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

// With the compression: of the rows as they are, and of the block.
void compress(benchmark::State& state, const Rows& rows, bool native) {
  std::vector<std::string> names(rows.types.size(), "a");
  NativeBlock block = NativeBlock::create(names, rows.types).value();
  clickhouse::BlockEncoder encoder(clickhouse::Compression::Lz4);
  size_t size = 0;
  for (auto _ : state) {
    encoder.begin();
    const std::vector<BlockPiece> pieces =
        native ? block.encode({rows.bytes}, kRows, NativeBlock::kMaxBytes, &encoder).value()
               : std::vector<BlockPiece>{{rows.bytes}};
    size = clickhouse::size_of(encoder.assemble(pieces));
  }
  state.counters["row"] =
      benchmark::Counter(kRows, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["compressed"] = static_cast<double>(size) / kRows;
}

BENCHMARK_CAPTURE(encode, flat_14_columns, flat_rows());
BENCHMARK_CAPTURE(encode, low_cardinality_and_nullable, wrapped_rows());
BENCHMARK_CAPTURE(encode, maps_and_arrays, nested_rows());
BENCHMARK_CAPTURE(compress, flat_row_binary, flat_rows(), false);
BENCHMARK_CAPTURE(compress, flat_native, flat_rows(), true);
BENCHMARK_CAPTURE(compress, nested_row_binary, nested_rows(), false);
BENCHMARK_CAPTURE(compress, nested_native, nested_rows(), true);

}  // namespace
}  // namespace freshet::columns

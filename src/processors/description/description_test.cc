#include <gtest/gtest.h>

#include <array>
#include <tuple>

#include "processors/description/binary_rows.h"
#include "processors/description/described_processor.h"
#include "processors/description/steps.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

struct Part {
  uint64_t id = 0;
  List<uint64_t> sizes;
};

struct Parcel {
  JsonString name;
  Ticks<6, uint64_t> sent;
  Seconds received;
  List<Part> parts;
  std::optional<uint8_t> weight;
};

constexpr auto kPart =
    describe<Part>(field<&Part::id>("id", Need::Required), field<&Part::sizes>("sizes", Need::Required));

constexpr auto kParcel = describe<Parcel>(
    both<&Parcel::name>("name", Need::Required), both<&Parcel::sent>("sent"),
    both<&Parcel::received, read_seconds>("received"), field<&Parcel::parts, list_of<kPart>>("parts", Need::Required),
    column<&Part::id>("part"), column<&Part::sizes, each<>>("sizes"), field<&Parcel::weight>("weight"),
    column<&Parcel::weight, when_there>("weight"), column<constant<uint8_t{7}>>("seven"),
    column<constant_text<"x">>("text"), column<offset_of>("offset"));

class DescribedRowsTest : public testing::Test {
 protected:
  ProcessResult process(std::string_view text) {
    Message message;
    message.offset = Offset{5};
    message.payload = text;
    rows_.clear();
    return processor_.process({"parcels", Partition{0}}, message, rows_);
  }

  testkit::FakeClock clock_;
  Metrics metrics_;
  DescribedProcessor<kParcel, &Parcel::parts> processor_{ProcessorsSettings{}, {&clock_, &metrics_}};
  std::string rows_;
};

TEST_F(DescribedRowsTest, EachElementBecomesARow) {
  EXPECT_EQ(process(R"({"name":"n","sent":1.5,"received":2.9,"weight":3,)"
                    R"("parts":[{"id":1,"sizes":[4,5]},{"sizes":[],"id":2}]})")
                .row_count,
            2u);
  EXPECT_EQ(rows_, R"({"name":"n","sent":"0000000001.500000","received":2,"part":1,"sizes":[4,5],"weight":3,"seven":7,)"
                   R"("text":"x","offset":5})"
                   "\n"
                   R"({"name":"n","sent":"0000000001.500000","received":2,"part":2,"sizes":[],"weight":3,"seven":7,)"
                   R"("text":"x","offset":5})"
                   "\n");
}

TEST_F(DescribedRowsTest, ARowLeavesOutWhatIsNotThere) {
  EXPECT_EQ(process(R"({"name":"n","parts":[{"id":1,"sizes":[]}]})").row_count, 1u);
  EXPECT_EQ(rows_.find("weight"), std::string::npos);
}

TEST_F(DescribedRowsTest, NothingIsLeftOfTheMessageBefore) {
  constexpr std::string_view kLess = R"({"name":"n","parts":[{"id":1,"sizes":[]},{"id":2,"sizes":[]}]})";
  process(kLess);
  const std::string rows = rows_;
  for (int round = 0; round < 2; ++round) {
    process(R"({"name":"m","sent":1.5,"received":2.9,"weight":3,"parts":[{"id":1,"sizes":[4]},{"id":2,"sizes":[5]}]})");
    EXPECT_NE(rows_, rows);
    process(kLess);
    EXPECT_EQ(rows_, rows);
  }
}

TEST_F(DescribedRowsTest, NoElementMeansNoRow) {
  EXPECT_EQ(process(R"({"name":"n","parts":[]})").row_count, 0u);
  EXPECT_EQ(rows_, "");
  EXPECT_EQ(process(R"({"name":"n","parts":[{"id":1}]})").kind, ProcessResult::Kind::Invalid);
}

struct Grid {
  std::array<uint16_t, 3> cells{7, 8, 0x109};
  UInt128 id{1, 0};
};
uint16_t cell(const Grid& grid, size_t index) { return grid.cells[index]; }

constexpr std::tuple kFirst(column<&Grid::id>("id"), column<constant<true>>("on"));
constexpr auto kGrid =
    describe<Grid>(kFirst, columns_of<cell>(std::array{Column("cell_0"), Column("cell_1"), Column("cell_2")}),
                   column<offset_of>("at"));

// In the types of the values, too.
TEST(DescriptionTest, GroupsOfEntriesAndColumnsOfOneKind) {
  testkit::FakeClock clock;
  Metrics metrics;
  const ProcessorEnvironment environment{&clock, &metrics};
  const ProcessorsSettings settings;
  const GeneratedValues values(environment);
  const RowContext context{Partition{0}, Offset{5}, settings.environment, values, 0};
  std::string text;
  DescribedRows<kGrid> rows(settings, environment);
  rows.add(Grid(), context);
  EXPECT_EQ(rows.move_to(text).row_count, 1u);
  EXPECT_EQ(text, R"({"id":18446744073709551616,"on":true,"cell_0":7,"cell_1":8,"cell_2":265,"at":5})"
                  "\n");
  std::string bytes;
  BinaryRows<kGrid> binary;
  binary.begin_message();
  binary.add(Grid(), context);
  EXPECT_EQ(binary.move_to(bytes).row_count, 1u);
  EXPECT_EQ(bytes, std::string("\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0", 16) + '\1' +
                       std::string("\7\0\10\0\11\1\5\0\0\0\0\0\0\0", 14));
  EXPECT_EQ(binary.layout().columns, (std::vector<std::string>{"id", "on", "cell_0", "cell_1", "cell_2", "at"}));
}

}  // namespace
}  // namespace freshet::processors

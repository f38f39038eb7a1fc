#include <gtest/gtest.h>

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

TEST_F(DescribedRowsTest, NoElementMeansNoRow) {
  EXPECT_EQ(process(R"({"name":"n","parts":[]})").row_count, 0u);
  EXPECT_EQ(rows_, "");
  EXPECT_EQ(process(R"({"name":"n","parts":[{"id":1}]})").kind, ProcessResult::Kind::Invalid);
}

}  // namespace
}  // namespace freshet::processors

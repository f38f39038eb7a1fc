#include "clickhouse/table_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/allocation_limit.h"

namespace freshet::clickhouse {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> fields_of(const std::vector<std::string_view>& rows) {
  TableProperties properties;
  properties.columns = {"id", "n.x"};
  return fields_without_column(rows, properties);
}

TEST(FieldsWithoutColumnTest, NamesFieldsWhereNoneIsAColumn) {
  EXPECT_THAT(fields_of({"{\"a\":{\"id\":1},\"b\":[{\"id\":1}]}\n{\"c\":\"id\",\"a\":2}\n", "{\"d\":null}\n"}),
              ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(fields_of({"{\"a\":1}\n", "{\"b\":1,\"id\":1}\n"}), IsEmpty());
  EXPECT_THAT(fields_of({"{\"n\":{\"x\":[1]}}\n"}), IsEmpty());
}

TEST(FieldsWithoutColumnTest, LeavesWhatIsNoObjectToTheServer) {
  for (const char* row : {"[{\"a\":1}]\n", "1\n", "\"a\"\n", "{\"a\":NaN}\n", "{\"a\":1\n", "\n"}) {
    EXPECT_THAT(fields_of({row}), IsEmpty()) << row;
  }
}

TEST(FieldsWithoutColumnTest, TakesNoMemoryForLargeRows) {
  std::string numbers = "{\"a\":[0";
  while (numbers.size() < 20'000'000) numbers += ",0";
  numbers += "]}\n";
  const std::string text = "{\"id\":\"" + std::string(20'000'000, 'x') + "\"}\n";
  const AllocationLimit limit(1'000'000);
  EXPECT_THAT(fields_of({numbers}), ElementsAre("a"));
  EXPECT_THAT(fields_of({text}), IsEmpty());
}

}  // namespace
}  // namespace freshet::clickhouse

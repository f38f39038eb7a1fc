// A server that is killed after it recorded the token of an insert and before it stored the part: with columns for
// partition and offset the missing rows are inserted again, and without them the insert is reported.
#include "world.h"

namespace freshet::flow {
namespace {

// The server loses a part of an insert, and perhaps the process ends before it knows. `ends_after`: how many of the
// process's next steps it does before it is killed.
void lose_a_part(const TableSettings& table, std::deque<Next> script, size_t ends_after, bool late) {
  World world(table, 1, {}, Flow::exactly_once());
  Flow& flow = world[0];
  flow.produce(0, "row", 100);
  flow.assign({0});
  flow.deliver_and_process(0);
  flow.advance(seconds(3));
  while (flow.commit()) continue;
  ASSERT_EQ(flow.batches.size(), 1u);
  world.script = std::move(script);
  const std::vector<std::function<void()>> steps = {[&] { flow.write(); }, [&] { flow.broker_takes_commit(); },
                                                    [&] { flow.commit(); }, [&] { flow.write(); }};
  for (size_t i = 0; i < std::min(ends_after, steps.size()); ++i) steps[i]();
  flow.restart([] { return false; });
  flow.assign({0});
  if (!late) world.cluster->late_inserts.clear();
  flow.deliver_and_process(0);
  while (flow.late_insert_arrives(0)) continue;
  flow.settles_complete();
  EXPECT_EQ(flow.table.size(), table.positions ? 100u : 80u);
  for (int64_t offset = 0; offset < 100 && !table.positions; ++offset) {
    const bool there = flow.table.contains({0, offset});
    EXPECT_TRUE(there || world.table.reported().contains({0, offset})) << offset;
  }
  flow.expect_exactly_once();
}

TEST(LostPartsTest, AreInsertedAgainOrReported) {
  for (const bool positions : {true, false}) {
    const TableSettings table{.partitions = 5, .positions = positions};
    for (size_t ends_after = 1; ends_after <= 4; ++ends_after) {
      for (const bool late : {true, false}) {
        SCOPED_TRACE(testing::Message() << "positions " << positions << ", step " << ends_after << ", late " << late);
        lose_a_part(table, {Next{{Fault::ServerKilled, 2}}}, ends_after, late);
        lose_a_part(table, {Next{{Fault::ServerKilled, 2}}, std::nullopt}, 1, late);
      }
    }
  }
}

TEST(LostPartsTest, ARepairMayLoseAPartItself) {
  World world({.partitions = 5, .positions = true}, 1, {}, Flow::exactly_once());
  world[0].produce(0, "row", 100);
  world[0].assign({0});
  const Next killed = {{Fault::ServerKilled, 0}};
  world.script = {killed, kNoFault, killed, kNoFault, killed};
  world[0].settles_complete();
  world[0].expect_exactly_once();
  EXPECT_EQ(world.cluster->table.size(), 100u);
  EXPECT_TRUE(world.table.reported().empty());
}

}  // namespace
}  // namespace freshet::flow

// SIGTERM at random moments of a member's life: see sigterm.h. `./dev soak sigterm` sends it 300 times for each kind.
#include "sigterm.h"

#include "testkit/servers.h"

namespace freshet {
namespace {

TEST(SigtermTest, AMemberThatIsTerminatedAtAnyMomentLeavesEverythingToTheOthers) {
  const testkit::KafkaServer kafka(testkit::sigterm_broker());
  // Produces nothing, so it needs no table and no server.
  testkit::TerminatedMembers::Limits limits;
  limits.life = std::chrono::milliseconds(3000);
  testkit::expect_others_to_own_everything(kafka, fmt::format("http://127.0.0.1:{}", testkit::free_port()), 20, 4,
                                           limits, {"--concurrency", "1"});
}

}  // namespace
}  // namespace freshet

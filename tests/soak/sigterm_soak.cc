// `./dev soak sigterm`: 300 members of each kind get SIGTERM at random moments (FRESHET_SOAK_SIGTERMS=N: another
// number).
#include <gtest/gtest.h>

#include <cstdlib>

#include "../integration/sigterm.h"

namespace freshet {
namespace {

TEST(SigtermSoak, AMemberThatIsTerminatedAtAnyMomentLeavesEverythingToTheOthers) {
  const char* value = std::getenv("FRESHET_SOAK_SIGTERMS");
  const testkit::KafkaServer kafka(testkit::sigterm_broker());
  testkit::expect_others_to_own_everything(kafka, fmt::format("http://127.0.0.1:{}", testkit::free_port()),
                                           value != nullptr ? std::atoi(value) : 300, 4, {}, {"--concurrency", "1"});
}

}  // namespace
}  // namespace freshet

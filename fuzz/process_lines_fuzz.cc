// Arbitrary input lines of `freshet process`: each gets a response of one line.
#include <cstdlib>
#include <string>

#include "app/process_command.h"
#include "processors/registry.h"

namespace {

using namespace freshet;

std::unique_ptr<Processor> json_processor(const std::string&) {
  static RealClock clock;
  static Metrics metrics;
  static const auto factory = processors::make_factory(processors::ProcessorsSettings(), {&clock, &metrics});
  return (*factory)();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static app::CaseRunner runner(json_processor, "topic");
  const std::string answer = runner.run({reinterpret_cast<const char*>(data), size});
  if (answer.empty() || answer.find('\n') != std::string::npos) std::abort();
  return 0;
}

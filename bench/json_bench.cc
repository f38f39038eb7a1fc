#include <benchmark/benchmark.h>

#include "processors/data_sets/json_processor.h"
#include "testkit/web_events.h"

namespace freshet {
namespace {

void check_web_event(benchmark::State& state) {
  testkit::WebEvents events(1, static_cast<size_t>(state.range(0)));
  const std::string text = events.valid(1, 1'790'000'000'000);
  for (auto _ : state) benchmark::DoNotOptimize(processors::check_json_objects(text).objects);
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
}
BENCHMARK(check_web_event)->Arg(400)->Arg(750)->Arg(10'000);

}  // namespace
}  // namespace freshet

// Pieces of continuous profiles. One row per message.
#include "processors/data_sets/data_sets.h"
#include "processors/description/described_processor.h"
#include "processors/description/steps.h"

namespace freshet::processors {
namespace {

struct Chunk {
  uint64_t project_id = 0;
  Uuid profiler_id;
  Uuid chunk_id;
  Ticks<6, uint64_t> start;
  Ticks<6, uint64_t> end;
  std::optional<JsonString> environment;
  int64_t received = 0;  // seconds
  std::optional<uint16_t> retention_days;
};

constexpr auto kChunk = describe<Chunk>(both<&Chunk::project_id>("project_id", Need::Required),    //
                                        both<&Chunk::profiler_id>("profiler_id", Need::Required),  //
                                        both<&Chunk::chunk_id>("chunk_id", Need::Required),        //
                                        both<&Chunk::start>("start_timestamp", Need::Required),    //
                                        both<&Chunk::end>("end_timestamp", Need::Required),        //
                                        both<&Chunk::environment>("environment"),                  //
                                        field<&Chunk::received>("received", Need::Required),       //
                                        field<&Chunk::retention_days>("retention_days"),           //
                                        column<&Chunk::retention_days, clamped_retention>("retention_days"),
                                        column<offset_of>("offset"), column<partition_of>("partition"));

}  // namespace

ProcessorFactory profile_chunks(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return described_with_origin<kChunk, &Chunk::received>(settings, environment);
}

}  // namespace freshet::processors

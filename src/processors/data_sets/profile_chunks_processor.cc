#include "processors/data_sets/profile_chunks_processor.h"

#include "processors/json/struct_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

enum In { kProject, kProfiler, kChunk, kStart, kEnd, kEnvironment, kReceived, kRetention };
constexpr Fields kFields({{"project_id", Need::Required},
                          {"profiler_id", Need::Required},
                          {"chunk_id", Need::Required},
                          {"start_timestamp", Need::Required},
                          {"end_timestamp", Need::Required},
                          {"environment"},
                          {"received", Need::Required},
                          {"retention_days"}});

constexpr Column kProjectId("project_id");
constexpr Column kProfilerId("profiler_id");
constexpr Column kChunkId("chunk_id");
constexpr Column kStartTimestamp("start_timestamp");
constexpr Column kEndTimestamp("end_timestamp");
constexpr Column kEnvironmentColumn("environment");
constexpr Column kRetentionDays("retention_days");
constexpr Column kOffset("offset");
constexpr Column kPartition("partition");

}  // namespace

struct ProfileChunksProcessor::Chunk {
  uint64_t project_id = 0;
  Uuid profiler_id;
  Uuid chunk_id;
  double start = 0;  // seconds
  double end = 0;
  std::optional<JsonString> environment;
  int64_t received = 0;  // seconds
  std::optional<uint16_t> retention_days;
};

ProfileChunksProcessor::ProfileChunksProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment&)
    : environment_(settings.environment), row_(tick_form(settings)) {}

ProcessResult ProfileChunksProcessor::process(const MessageContext& context, const Message& message,
                                              std::string& rows) {
  if (!message.payload) return null_payload();
  json_.open(message);
  Chunk chunk;
  if (!read(chunk)) return invalid_message(json_);
  row_.clear();
  row_.begin_row();
  row_.put(kProjectId, chunk.project_id);
  row_.put(kProfilerId, chunk.profiler_id);
  row_.put(kChunkId, chunk.chunk_id);
  row_.put_ticks(kStartTimestamp, microseconds(chunk.start), 6);
  row_.put_ticks(kEndTimestamp, microseconds(chunk.end), 6);
  row_.put(kEnvironmentColumn, chunk.environment);
  row_.put(kRetentionDays, clamp_retention(chunk.retention_days, environment_));
  row_.put(kOffset, message.offset.value);
  row_.put(kPartition, context.partition.value);
  row_.end_row();
  row_.move_to(rows);
  ProcessResult result = ProcessResult::rows(1);
  result.origin_timestamp_ms = origin_from_seconds(chunk.received);
  return result;
}

bool ProfileChunksProcessor::read(Chunk& out) {
  StructReader fields(json_, kFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_field(field, out)) return false;
  }
  return fields.complete() && json_.finish();
}

bool ProfileChunksProcessor::read_field(int field, Chunk& out) {
  switch (field) {
    case kProject:
      return json_.read_u64(out.project_id);
    case kProfiler:
      return read_value(json_, out.profiler_id);
    case kChunk:
      return read_value(json_, out.chunk_id);
    case kStart:
      return json_.read_f64_to_truncate(out.start);
    case kEnd:
      return json_.read_f64_to_truncate(out.end);
    case kEnvironment:
      return read_optional(json_, out.environment);
    case kReceived:
      return json_.read_i64(out.received);
    case kRetention:
      return read_optional(json_, out.retention_days);
    default:
      return false;
  }
}

}  // namespace freshet::processors

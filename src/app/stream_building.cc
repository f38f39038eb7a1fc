#include "app/stream_building.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "app/app_events.h"
#include "app/processor_factory.h"
#include "app/request_builders.h"
#include "clickhouse/clickhouse_writer.h"
#include "clickhouse/stored_messages.h"
#include "kafka/kafka_producer.h"
#include "outcomes/distinct_buckets.h"
#include "outcomes/outcome_latency.h"
#include "processors/registry.h"
#include "schemas/schema_folder.h"
#include "snuba_outputs/ipv4_statistics.h"
#include "snuba_outputs/item_type_metrics.h"
#include "snuba_outputs/side_outputs.h"
#include "stream/skipping_writer.h"

namespace freshet::app {
namespace {

Result<SchemaValidatorFactory> schemas(const stream::SchemaSettings& settings, Log& log) {
  if (settings.dir.empty() && settings.enforce) {
    return failure(ErrorKind::Fatal, "--enforce-schema: give the folder of the schemas with --schema-dir");
  }
  if (settings.dir.empty()) return SchemaValidatorFactory();
  auto opened = schemas::open_schema(settings.dir, settings.logical_topic);
  if (opened) return opened;
  if (settings.enforce || opened.error().kind == ErrorKind::Fatal) {
    return failure(ErrorKind::Fatal, "--schema-dir: " + opened.error().text);
  }
  log.emit(SchemaMissing{settings.logical_topic, opened.error().text});
  return SchemaValidatorFactory();
}

// There is one writer (max_writers is 1): it remembers the items, and its producer keeps the order of the records.
Result<RowWriterFactory> outcome_writers(const StreamContext& context, OutcomesTopic& outcomes) {
  auto producer =
      kafka::KafkaProducer::open(context.pipeline.kafka.side_topics.accepted_outcomes, "outcome", RecordOrder::Keep,
                                 outcomes.results.on_result(), context.log, context.metrics, context.secrets);
  if (!producer) return tl::make_unexpected(producer.error());
  outcomes.producer = *std::move(producer);
  const int64_t interval = context.pipeline.accepted_outcomes->bucket_interval.count();
  return RowWriterFactory(
      [interval, &outcomes, &clock = context.clock, &log = context.log, &metrics = context.metrics] {
        return std::make_unique<outcomes::OutcomesWriter>(interval, *outcomes.producer, outcomes.results, clock, log,
                                                          metrics);
      });
}

// Of the table, as far as the processor fills them.
std::optional<clickhouse::PositionColumns> position_columns(const settings::Pipeline& pipeline) {
  const processors::ProcessorsSettings& from = pipeline.processors;
  // Snuba's processors that write both. Each of these tables has one topic.
  constexpr std::array<std::string_view, 9> kWithPositions = {"ErrorsProcessor",
                                                              "ProfileChunksProcessor",
                                                              "ProfilesMessageProcessor",
                                                              "ReplaysProcessor",
                                                              "QuerylogProcessor",
                                                              "TransactionsMessageProcessor",
                                                              "SearchIssuesMessageProcessor",
                                                              "GroupAttributesMessageProcessor",
                                                              "PolymorphicMetricsProcessor"};
  if (from.python.use) return std::nullopt;
  if (std::find(kWithPositions.begin(), kWithPositions.end(), from.processor) != kWithPositions.end()) {
    return clickhouse::PositionColumns{"partition", "offset"};
  }
  if (from.processor != "json" || from.json.partition_column.empty() || from.json.offset_column.empty()) {
    return std::nullopt;
  }
  return clickhouse::PositionColumns{from.json.partition_column, from.json.offset_column, from.json.topic_column,
                                     pipeline.stream.topic};
}

Result<RowWriterFactory> row_writers(const StreamContext& context, OutcomesTopic& outcomes) {
  if (context.pipeline.stream.skip_write) return RowWriterFactory(stream::make_skipping_writer);
  if (context.pipeline.accepted_outcomes) return outcome_writers(context, outcomes);
  const auto table =
      std::make_shared<clickhouse::TablePropertiesCache>(context.pipeline.clickhouse, context.clock, context.secrets);
  const auto buffers = std::make_shared<clickhouse::BodyBuffers>();
  return RowWriterFactory([context, table, buffers, positions = position_columns(context.pipeline),
                           requests = request_builders(context.pipeline)] {
    const clickhouse::ClickHouseSettings& settings = context.pipeline.clickhouse;
    return clickhouse::make_row_writer(settings, context.hosts, context.clock, context.log, context.metrics,
                                       requests(settings, context.options, context.metrics), context.secrets, table,
                                       positions, buffers);
  });
}

void add_snuba_outputs(const StreamContext& context, const std::string& processor,
                       stream::StreamDependencies& dependencies) {
  const settings::Pipeline& pipeline = context.pipeline;
  dependencies.gate = std::make_unique<snuba_outputs::SideOutputs>(
      pipeline.snuba->side_outputs, pipeline.stream.topic, pipeline.stream.consumer_group,
      std::string(processors::cogs_resource(processor)), context.metrics, context.log);
  if (pipeline.snuba->ipv4_statistics) {
    dependencies.samplers = [&metrics = context.metrics] {
      return std::make_unique<snuba_outputs::Ipv4Statistics>(metrics);
    };
  }
}

}  // namespace

Result<stream::StreamDependencies> stream_dependencies(const StreamContext& context, OutcomesTopic& outcomes) {
  const settings::Pipeline& pipeline = context.pipeline;
  processors::ProcessorsSettings chosen = pipeline.processors;
  if (pipeline.accepted_outcomes) {
    chosen.processor = "AcceptedOutcomes";
    chosen.python = {};
  }
  const auto processors = processor_factory(
      chosen, {&context.clock, &context.metrics, &context.options, pipeline.stream.delivery, context.table},
      context.log);
  if (!processors) return tl::make_unexpected(processors.error());
  auto validators = schemas(pipeline.stream.schema, context.log);
  if (!validators) return tl::make_unexpected(validators.error());
  auto writers = row_writers(context, outcomes);
  if (!writers) return tl::make_unexpected(writers.error());
  stream::StreamDependencies dependencies;
  dependencies.processors = *processors;
  dependencies.writers = *std::move(writers);
  dependencies.observers.push_back(std::make_unique<snuba_outputs::ItemTypeMetrics>(context.metrics));
  if (const auto& outcomes_settings = pipeline.accepted_outcomes) {
    dependencies.measure = std::make_unique<outcomes::DistinctBuckets>(outcomes_settings->bucket_interval.count());
    dependencies.observers.push_back(std::make_unique<outcomes::OutcomeLatency>(context.metrics));
  }
  if (pipeline.snuba) add_snuba_outputs(context, chosen.processor, dependencies);
  dependencies.schemas = *std::move(validators);
  dependencies.has_dead_letters = !pipeline.kafka.dead_letter_topic.empty() && !pipeline.stream.skip_write;
  dependencies.live_options = &context.options;
  return dependencies;
}

}  // namespace freshet::app

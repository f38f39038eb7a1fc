#include "app/stream_building.h"

#include <fmt/format.h>

#include <utility>

#include "app/app_events.h"
#include "app/processor_factory.h"
#include "app/request_builders.h"
#include "clickhouse/clickhouse_writer.h"
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

// One writer: its memory of items and the order of its records are its own.
Result<RowWriterFactory> outcome_writers(const Surroundings& around, OutcomesTopic& outcomes) {
  auto producer =
      kafka::KafkaProducer::open(around.pipeline.kafka.side_topics.accepted_outcomes, "outcome", RecordOrder::Keep,
                                 outcomes.results.on_result(), around.log, around.metrics);
  if (!producer) return tl::make_unexpected(producer.error());
  outcomes.producer = *std::move(producer);
  const int64_t interval = around.pipeline.accepted_outcomes->bucket_interval.count();
  return RowWriterFactory([interval, &outcomes, &clock = around.clock, &log = around.log, &metrics = around.metrics] {
    return std::make_unique<outcomes::OutcomesWriter>(interval, *outcomes.producer, outcomes.results, clock, log,
                                                      metrics);
  });
}

Result<RowWriterFactory> row_writers(const Surroundings& around, OutcomesTopic& outcomes) {
  if (around.pipeline.stream.skip_write) return RowWriterFactory(stream::make_skipping_writer);
  if (around.pipeline.accepted_outcomes) return outcome_writers(around, outcomes);
  const auto hosts = std::make_shared<clickhouse::Hosts>(around.pipeline.clickhouse.urls);
  const auto table =
      std::make_shared<clickhouse::TablePropertiesCache>(around.pipeline.clickhouse, around.clock, around.secrets);
  return RowWriterFactory([around, hosts, table, requests = request_builders(around.pipeline)] {
    const clickhouse::ClickHouseSettings& settings = around.pipeline.clickhouse;
    return clickhouse::make_row_writer(settings, hosts, around.clock, around.log, around.metrics,
                                       requests(settings, around.options, around.metrics), around.secrets, table);
  });
}

void add_snuba_outputs(const Surroundings& around, const std::string& processor, stream::StreamParts& parts) {
  const settings::Pipeline& pipeline = around.pipeline;
  parts.gate = std::make_unique<snuba_outputs::SideOutputs>(
      pipeline.snuba->side_outputs, pipeline.stream.topic, pipeline.stream.consumer_group,
      std::string(processors::cogs_resource(processor)), around.metrics, around.log);
  if (pipeline.snuba->ipv4_statistics) {
    parts.samplers = [&metrics = around.metrics] { return std::make_unique<snuba_outputs::Ipv4Statistics>(metrics); };
  }
}

}  // namespace

Result<stream::StreamParts> stream_parts(const Surroundings& around, OutcomesTopic& outcomes) {
  const settings::Pipeline& pipeline = around.pipeline;
  processors::ProcessorsSettings chosen = pipeline.processors;
  if (pipeline.accepted_outcomes) {
    chosen.processor = "AcceptedOutcomes";
    chosen.python = {};
  }
  const auto processors = processor_factory(chosen, {&around.clock, &around.metrics, &around.options}, around.log);
  if (!processors) return tl::make_unexpected(processors.error());
  auto validators = schemas(pipeline.stream.schema, around.log);
  if (!validators) return tl::make_unexpected(validators.error());
  auto writers = row_writers(around, outcomes);
  if (!writers) return tl::make_unexpected(writers.error());
  stream::StreamParts parts;
  parts.processors = *processors;
  parts.writers = *std::move(writers);
  parts.observers.push_back(std::make_unique<snuba_outputs::ItemTypeMetrics>(around.metrics));
  if (const auto& outcomes_settings = pipeline.accepted_outcomes) {
    parts.measure = std::make_unique<outcomes::DistinctBuckets>(outcomes_settings->bucket_interval.count());
    parts.observers.push_back(std::make_unique<outcomes::OutcomeLatency>(around.metrics));
  }
  if (pipeline.snuba) add_snuba_outputs(around, chosen.processor, parts);
  parts.schemas = *std::move(validators);
  parts.has_dead_letters = !pipeline.kafka.dead_letter_topic.empty() && !pipeline.stream.skip_write;
  parts.live_options = &around.options;
  return parts;
}

}  // namespace freshet::app

#include "app/service.h"

#include <librdkafka/rdkafka.h>

#include <random>
#include <utility>

#include "admin/health.h"
#include "admin/health_file.h"
#include "admin/server.h"
#include "admin/status_json.h"
#include "app/background_checks.h"
#include "app/side_topics.h"
#include "app/stream_building.h"
#include "base/metrics.h"
#include "kafka/client_config.h"
#include "kafka/dead_letter_producer.h"
#include "kafka/kafka_source.h"
#include "kafka/reaper.h"
#include "runtime_config/options_watcher.h"
#include "runtime_config/stores.h"
#include "stream/stream.h"
#include "supervisor/supervisor.h"
#include "telemetry/log_backend.h"
#include "telemetry/prometheus.h"

namespace freshet::app {
namespace {

supervisor::RunOutcome outcome_of(stream::End end) {
  return end == stream::End::Broken ? supervisor::RunOutcome::Fail : supervisor::RunOutcome::Stop;
}

}  // namespace

// In the order of construction: what stands later uses what stands before it and goes first.
struct Service::Parts {
  Parts(const settings::Settings& s, Clock& c, std::ostream* log_to)
      : settings(s),
        clock(c),
        started(c.steady_now()),
        live_options(pipeline().options),
        log(s.telemetry, c, log_to),
        reaper(metrics) {}

  const settings::Pipeline& pipeline() const { return settings.pipelines.front(); }
  admin::Answer health() const { return admin::health(clock.steady_now(), started, between_sessions()); }
  // Between two sessions (back-off) nothing turns, and nothing is wrong with that.
  SteadyTime between_sessions() const { return in_session.load() ? stream->last_turn() : clock.steady_now(); }
  admin::Answer ready() {
    MutexLock lock(ready_mutex);
    return readiness.assess(clock.steady_now(), *stream->status());
  }
  LiveOptions options() const { return *live_options.get(); }

  Result<std::unique_ptr<Source>> open_source() {
    return kafka::open_source(pipeline().kafka, clock, log, metrics, reaper);
  }

  const settings::Settings settings;
  Clock& clock;
  const SteadyTime started;
  Snapshot<LiveOptions> live_options;
  Metrics metrics;
  telemetry::LogBackend log;
  kafka::Reaper reaper;
  OutcomesTopic outcomes;
  std::unique_ptr<stream::Stream> stream;
  std::unique_ptr<DeadLetters> dead_letters;
  std::vector<std::unique_ptr<SideTopic>> side_topics;
  std::atomic<bool> in_session{false};
  Mutex ready_mutex;
  admin::Readiness readiness GUARDED_BY(ready_mutex);
  std::unique_ptr<runtime_config::OptionsWatcher> watcher;
  std::unique_ptr<admin::AdminServer> admin_server;
  std::unique_ptr<admin::HealthFile> health_file;
  std::unique_ptr<BackgroundChecks> checks;
};

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Service>> Service::open(const settings::Loaded& loaded, Clock& clock, std::ostream* log_to) {
  auto parts = std::make_unique<Parts>(loaded.settings, clock, log_to);
  Parts& p = *parts;
  const settings::Pipeline& pipeline = p.pipeline();
  if (const Status checked = kafka::check_connection_settings(pipeline.kafka); !checked) {
    return tl::make_unexpected(checked.error());
  }
  auto stream_parts = app::stream_parts({pipeline, clock, p.log, p.metrics, p.live_options}, p.outcomes);
  if (!stream_parts) return tl::make_unexpected(stream_parts.error());
  const bool letters = stream_parts->has_dead_letters;
  p.stream = std::make_unique<stream::Stream>(pipeline.stream, *std::move(stream_parts), pipeline.options, clock, p.log,
                                              p.metrics);
  auto side_topics = open_side_topics(pipeline, *p.stream, p.log);
  if (!side_topics) return tl::make_unexpected(side_topics.error());
  p.side_topics = *std::move(side_topics);
  if (letters) {
    auto producer = kafka::open_dead_letters(pipeline.kafka, p.stream->letter_results(), p.log);
    if (!producer) return tl::make_unexpected(producer.error());
    p.dead_letters = *std::move(producer);
    p.stream->set_dead_letters(p.dead_letters.get());
  }
  if (!p.settings.runtime_config.store.empty()) {
    auto store = runtime_config::open_store(p.settings.runtime_config);
    if (!store) return tl::make_unexpected(store.error());
    p.watcher = std::make_unique<runtime_config::OptionsWatcher>(
        *std::move(store), p.settings.runtime_config.poll_interval,
        runtime_config::OptionScope{pipeline.kafka.consumer_group}, pipeline.options,
        [&p](const LiveOptions& options) {
          p.live_options.set(options);
          p.log.set_level(options.log_level);
          p.stream->set_options(options);
        },
        clock, p.log, p.metrics);
  }
  if (!p.settings.admin.listen.empty()) {
    admin::AdminSources sources;
    sources.metrics = [&p] {
      telemetry::update_process_metrics(p.metrics);
      return telemetry::render_prometheus(p.metrics);
    };
    sources.health = [&p] { return p.health(); };
    sources.ready = [&p] { return p.ready(); };
    sources.status = [&p] {
      return admin::status_json(*p.stream->status(), p.options(), p.health(), p.ready(), FRESHET_VERSION,
                                rd_kafka_version_str());
    };
    sources.release = [&p](Partition partition, Offset next) -> Status {
      if (!p.in_session.load()) return failure(ErrorKind::Retry, "no Kafka session right now; try again");
      return p.stream->release(partition, next);
    };
    auto server = admin::AdminServer::start(p.settings.admin.listen, std::move(sources));
    if (!server) return tl::make_unexpected(server.error());
    p.admin_server = *std::move(server);
  }
  p.metrics
      .gauge("freshet_build_info", "Always 1; the labels say what runs.",
             {{"version", FRESHET_VERSION}, {"librdkafka", rd_kafka_version_str()}})
      .set(1);
  for (const std::string& notice : loaded.notices) p.log.info("setting_noticed", {{"reason", notice}});
  for (const std::string& warning : loaded.warnings) p.log.warn("setting_may_hurt", {{"reason", warning}});
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

Service::~Service() {
  Parts& p = *parts_;
  p.checks.reset();
  p.health_file.reset();
  p.admin_server.reset();
  p.watcher.reset();
  p.side_topics.clear();
  p.dead_letters.reset();
  p.stream.reset();
  if (p.reaper.wait_idle(p.clock, p.clock.steady_now() + std::chrono::seconds(2))) return;
  // A client that does not end must not keep the process from ending: it is left behind, with what it may still use.
  p.log.warn("kafka_client_left_behind");
  (void)parts_.release();
}

void Service::run(std::stop_token stop) {
  Parts& p = *parts_;
  const settings::Pipeline& pipeline = p.pipeline();
  p.log.info("started", {{"version", FRESHET_VERSION},
                         {"topic", pipeline.kafka.topic},
                         {"consumer_group", pipeline.kafka.consumer_group},
                         {"table", pipeline.clickhouse.table},
                         {"admin", admin_address()}});
  if (!p.settings.admin.health_check_file.empty()) {
    p.health_file = std::make_unique<admin::HealthFile>(
        p.settings.admin.health_check_file, [&p] { return p.health(); }, p.clock, p.log);
  }
  p.checks = std::make_unique<BackgroundChecks>(pipeline, p.clock, p.log);
  std::minstd_rand random{std::random_device{}()};
  supervisor::Supervisor supervisor(
      p.clock, p.log, {}, [&random] { return std::uniform_real_distribution<double>(0, 1)(random); },
      [&p](uint64_t number, std::stop_token session_stop) -> supervisor::SessionEnd {
        auto source = p.open_source();
        if (!source) return {supervisor::RunOutcome::Fail, source.error().text};
        p.in_session.store(true);
        const stream::SessionResult result = p.stream->run(**source, number, session_stop);
        p.in_session.store(false);
        return {outcome_of(result.end), result.reason};
      });
  supervisor.run(stop);
  p.checks.reset();
  const StreamStatus end = *p.stream->status();
  p.log.info("stopped", {{"messages_consumed", end.messages_consumed},
                         {"rows_written", end.rows_written},
                         {"dead_letters", end.dead_letters},
                         {"abandoned", end.abandoned}});
}

StreamStatus Service::status() const { return *parts_->stream->status(); }
LiveOptions Service::options() const { return parts_->options(); }
std::string Service::admin_address() const {
  return parts_->admin_server ? parts_->admin_server->address() : std::string();
}

}  // namespace freshet::app

#include "app/service.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <random>
#include <utility>

#include "admin/health.h"
#include "admin/health_file.h"
#include "admin/server.h"
#include "admin/status_json.h"
#include "app/background_checks.h"
#include "app/proxies.h"
#include "app/side_topics.h"
#include "app/stream_building.h"
#include "base/metrics.h"
#include "kafka/client_config.h"
#include "kafka/connection_files.h"
#include "kafka/end_offsets.h"
#include "kafka/kafka_producer.h"
#include "kafka/kafka_source.h"
#include "kafka/reaper.h"
#include "kafka/successor.h"
#include "runtime_config/options_watcher.h"
#include "runtime_config/stores.h"
#include "stream/stream.h"
#include "supervisor/credentials_watch.h"
#include "supervisor/renewal.h"
#include "supervisor/renewal_desk.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/stop_sequence.h"
#include "supervisor/supervisor.h"
#include "supervisor/tick.h"
#include "supervisor/watchdog.h"
#include "telemetry/log_backend.h"
#include "telemetry/prometheus.h"
#include "telemetry/sentry.h"
#include "telemetry/statsd_sender.h"

namespace freshet::app {
namespace {

constexpr Duration kLookAtPlan = std::chrono::seconds(1);
// How long the first join waits for a store of live options that does not answer.
constexpr Duration kFirstOptions = std::chrono::seconds(5);

double chance() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
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
        connection_files(pipeline().kafka.connection, &log.secrets()),
        identity(pipeline().kafka, log),
        reaper(metrics),
        desk(c, [this] { stream->wake(); }),
        plan(c, pipeline().options.renewal),
        stops(c, plan, log),
        renewal(
            {.timer_jitter = s.supervisor.renew_jitter},
            [this](const Membership& running) { return open_successor(running); }, desk, plan, stops, chance, c, log,
            metrics) {
    if (!settings.telemetry.statsd.address.empty()) metrics.keep_recent_values();  // before the histograms are made
    log.count_dropped(metrics);
  }

  const settings::Pipeline& pipeline() const { return settings.pipelines.front(); }
  admin::Answer health() const { return admin::health(clock.steady_now(), started, stream->last_turn()); }
  // Asked by the thread of the health file only.
  admin::Answer file_health() {
    const admin::Answer alive = health();
    if (!alive.ok || !settings.admin.health_check_may_ask_for_progress || !options().experimental_healthcheck) {
      return alive;
    }
    return progress.assess(*stream->status());
  }
  // As people may see it: a library or a server may name a login in its errors.
  StreamStatus shown_status() {
    StreamStatus status = *stream->status();
    for (std::string* text : {&status.last_insert_error, &status.last_kafka_error, &status.waiting_for}) {
      *text = log.secrets().masked(*text);
    }
    for (PartitionStatus& partition : status.partitions) partition.held = log.secrets().masked(partition.held);
    return status;
  }
  admin::Answer ready() {
    MutexLock lock(ready_mutex);
    StreamStatus status = shown_status();
    if (const std::string trouble = session_trouble(); !trouble.empty()) {
      status.waiting_for = log.secrets().masked(trouble);
    }
    return readiness.assess(clock.steady_now(), status);
  }
  telemetry::AssignedPartitions assigned_partitions() const {
    const auto status = stream->status();
    if (!status->assigned) return std::nullopt;
    std::vector<int32_t> out;
    for (const PartitionStatus& one : status->partitions) out.push_back(one.partition.value);
    return out;
  }
  LiveOptions options() const { return *live_options.get(); }

  // As a session that is built now takes them: with what the files of the connection hold now.
  kafka::KafkaSettings kafka_settings() const {
    kafka::KafkaSettings now = pipeline().kafka;
    now.connection = connection_files.settings();
    return now;
  }
  kafka::SessionContext sessions() { return {clock, log, metrics, reaper, identity}; }
  Result<std::unique_ptr<Successor>> open_successor(const Membership& running) {
    return kafka::open_successor(kafka_settings(), sessions(), running, [this] { stream->wake(); });
  }
  // The session that the last one has prepared, or a new one.
  Result<std::unique_ptr<Source>> next_source() {
    if (auto prepared = renewal.take_next()) return prepared;
    return kafka::open_source(kafka_settings(), sessions());
  }
  // What keeps a session from being built or renewed; empty = nothing.
  std::string session_trouble() const {
    if (const auto waits = *between_sessions.get(); !waits.empty()) return waits;
    if (const auto waits = renewal.waiting_for(); !waits.empty()) return waits;
    return watchdog->trouble();
  }
  std::optional<RenewalReport> last_renewal() {
    auto report = desk.last();
    if (report) report->error = log.secrets().masked(report->error);
    return report;
  }
  SessionStatus session_status() {
    const auto continuity = identity.continuity();
    SessionStatus status;
    status.instance_id = identity.instance_id();
    status.instance_id_configured = identity.configured();
    status.continuity = continuity == Membership::Continuity::Works    ? "static"
                        : continuity == Membership::Continuity::Absent ? "rejoin"
                                                                       : "unknown";
    status.last_renewal = last_renewal();
    status.waiting_for = log.secrets().masked(session_trouble());
    status.renewal_waits_for = log.secrets().masked(renewal.under_way());
    return status;
  }
  runtime_config::OptionScope option_scope() const {
    return {pipeline().kafka.consumer_group, settings.runtime_config.storage};
  }
  Result<std::unique_ptr<OptionSource>> open_option_store(std::stop_token stop);
  void watch_options(std::unique_ptr<OptionSource> store);
  void take_options(const LiveOptions& options);
  Status open_stream();
  Status open_dead_letters();
  Status within_partition(Partition partition, Offset next);
  admin::AdminSources admin_sources();
  Status start_admin();
  Status start_telemetry();
  void begin_watching();
  void stop_watching();
  void wait_for_first_options(std::stop_token stop);
  void wait_for_first_tick(std::stop_token stop);
  supervisor::SessionEnd run_session(uint64_t number, std::stop_token stop);
  supervisor::SessionEnd broken(const stream::SessionResult& result);

  const settings::Settings settings;
  Clock& clock;
  const SteadyTime started;
  Snapshot<LiveOptions> live_options;
  Metrics metrics;
  telemetry::LogBackend log;
  kafka::ConnectionFiles connection_files;
  kafka::Identity identity;
  kafka::Reaper reaper;
  OutcomesTopic outcomes;
  supervisor::RenewalDesk desk;
  supervisor::RenewalPlan plan;
  supervisor::StopSequence stops;
  supervisor::Renewal renewal;
  std::unique_ptr<stream::Stream> stream;
  std::unique_ptr<RecordProducer> dead_letters;
  std::vector<std::unique_ptr<RecordProducer>> side_topics;
  std::atomic<bool> in_session{false};
  admin::Progress progress;
  Snapshot<std::string> between_sessions{std::string()};  // why the next session waits
  Mutex ready_mutex;
  admin::Readiness readiness GUARDED_BY(ready_mutex);
  std::unique_ptr<runtime_config::OptionsWatcher> watcher;
  std::unique_ptr<telemetry::StatsdSender> statsd;
  std::unique_ptr<telemetry::SentryReporter> sentry;
  std::unique_ptr<admin::AdminServer> admin_server;
  std::unique_ptr<admin::HealthFile> health_file;
  std::unique_ptr<BackgroundChecks> checks;
  std::unique_ptr<kafka::EndOffsets> end_offsets;
  std::unique_ptr<supervisor::Watchdog> watchdog;
  std::unique_ptr<supervisor::CredentialsWatch> credentials;
};

// Null: the live options have no store. The options are read once here, before the first message.
Result<std::unique_ptr<OptionSource>> Service::Parts::open_option_store(std::stop_token stop) {
  if (settings.runtime_config.store.empty() && settings.runtime_config.values_file.empty()) return nullptr;
  auto store = runtime_config::open_store(settings.runtime_config);
  if (!store) return store;
  const std::stop_callback on_stop(std::move(stop), [&] { (*store)->interrupt(); });
  live_options.set(runtime_config::read_now(**store, option_scope(), pipeline().options));
  return store;
}

void Service::Parts::watch_options(std::unique_ptr<OptionSource> store) {
  watcher = std::make_unique<runtime_config::OptionsWatcher>(
      std::move(store), settings.runtime_config.poll_interval, option_scope(), pipeline().options,
      [this](const LiveOptions& options) { take_options(options); }, clock, log, metrics);
}

// For all who need them.
void Service::Parts::take_options(const LiveOptions& options) {
  live_options.set(options);
  log.set_level(options.log_level);
  plan.set(options.renewal);
  stream->set_options(options);
}

Status Service::Parts::open_stream() {
  auto stream_parts = app::stream_parts({pipeline(), clock, log, metrics, live_options, &log.secrets()}, outcomes);
  if (!stream_parts) return tl::make_unexpected(stream_parts.error());
  const bool letters = stream_parts->has_dead_letters;
  stream::StreamSettings stream_settings = pipeline().stream;
  // The consumer's queue is part of the limit, and so is what it fetches while the last of it is taken.
  stream_settings.memory_limit -= 2 * kafka::fetch_queue_bytes(stream_settings.memory_limit);
  stream = std::make_unique<stream::Stream>(stream_settings, *std::move(stream_parts), pipeline().options, clock, log,
                                            metrics);
  auto topics = open_side_topics(pipeline(), *stream, log, metrics);
  if (!topics) return tl::make_unexpected(topics.error());
  side_topics = *std::move(topics);
  return letters ? open_dead_letters() : Status();
}

Status Service::Parts::open_dead_letters() {
  const kafka::KafkaSettings& to = pipeline().kafka;
  auto producer = kafka::KafkaProducer::open({to.dead_letter_topic, to.dead_letter_connection.value_or(to.connection)},
                                             "dead letter", RecordOrder::Any, stream->letter_results(), log, metrics);
  if (!producer) return tl::make_unexpected(producer.error());
  dead_letters = *std::move(producer);
  stream->set_dead_letters(dead_letters.get());
  return {};
}

// Beyond the end of its partition the reset policy would choose where to go on. A held partition is not fetched, so
// what the session knows of its end may be old: beyond that the broker is asked, once. No answer: nothing speaks
// against it.
Status Service::Parts::within_partition(Partition partition, Offset next) {
  const auto status = stream->status();
  const auto known = std::find_if(status->partitions.begin(), status->partitions.end(),
                                  [&](const PartitionStatus& one) { return one.partition == partition; });
  if (known == status->partitions.end() || (known->end && next <= *known->end)) return {};
  const auto ends = kafka::EndOffsets([this] { return kafka_settings(); }, reaper, log).look_up({partition});
  if (!ends || next <= ends->at(partition)) return {};
  return failure(ErrorKind::Invalid, fmt::format("partition {} ends at offset {}; go on from there or before",
                                                 partition.value, ends->at(partition).value));
}

admin::AdminSources Service::Parts::admin_sources() {
  admin::AdminSources sources;
  sources.metrics = [this] {
    telemetry::update_process_metrics(metrics);
    return telemetry::render_prometheus(metrics);
  };
  sources.health = [this] { return health(); };
  sources.ready = [this] { return ready(); };
  sources.status = [this](admin::MessageTexts message_texts) {
    return admin::status_json(shown_status(), session_status(), options(), health(), ready(), FRESHET_VERSION,
                              rd_kafka_version_str(), message_texts);
  };
  sources.release = [this](const ReleaseOrder& order, std::stop_token stop) -> Result<std::string> {
    if (!in_session.load()) return failure(ErrorKind::Retry, "no Kafka session right now; try again");
    const Status within = order.next ? within_partition(order.partition, *order.next) : Status();
    if (!within) return tl::make_unexpected(within.error());
    return stream->release(order, std::move(stop)).map([this](const Released& done) {
      return log.secrets().masked(done.text());
    });
  };
  sources.renew = [this]() -> Result<admin::RenewalAsked> {
    if (stops.asked().stop_requested()) return failure(ErrorKind::Stopping, "it is stopping");
    const auto asked = desk.ask(RenewalReason::Operator, "POST /renew");
    return admin::RenewalAsked{asked.number, asked.joined, asked.joined ? renewal.under_way() : std::string()};
  };
  sources.last_renewal = [this] { return last_renewal(); };
  return sources;
}

Status Service::Parts::start_admin() {
  if (settings.admin.listen.empty()) return {};
  auto server = admin::AdminServer::start(settings.admin, admin_sources());
  if (!server) return tl::make_unexpected(server.error());
  admin_server = *std::move(server);
  return {};
}

Status Service::Parts::start_telemetry() {
  metrics
      .gauge("freshet_build_info", "Always 1; the labels say what runs.",
             {{"version", FRESHET_VERSION}, {"librdkafka", rd_kafka_version_str()}})
      .set(1);
  if (!settings.telemetry.sentry.dsn.empty()) {
    auto target = telemetry::sentry_target(settings.telemetry.sentry.dsn);
    if (!target) return tl::make_unexpected(target.error());
    sentry = std::make_unique<telemetry::SentryReporter>(
        settings.telemetry.sentry, *std::move(target), [this] { return assigned_partitions(); }, clock, metrics);
    log.set_error_sink([this](telemetry::ErrorReport report) { sentry->report(std::move(report)); });
  }
  if (!settings.telemetry.statsd.address.empty()) {
    statsd = std::make_unique<telemetry::StatsdSender>(
        settings.telemetry.statsd, [this] { return assigned_partitions(); }, clock, log, metrics);
  }
  return {};
}

// Who else wants new sessions.
void Service::Parts::begin_watching() {
  end_offsets = std::make_unique<kafka::EndOffsets>([this] { return kafka_settings(); }, reaper, log);
  supervisor::WatchdogDoors doors;
  doors.status = [this] { return stream->status(); };
  doors.end_offsets = [this](const std::vector<Partition>& partitions) { return end_offsets->look_up(partitions); };
  doors.refetch = [this](const std::vector<Partition>& partitions) { stream->refetch(partitions); };
  watchdog = std::make_unique<supervisor::Watchdog>(std::move(doors), plan, desk, clock, log, metrics);
  if (!connection_files.any()) return;
  credentials =
      std::make_unique<supervisor::CredentialsWatch>([this] { return connection_files.look(); }, desk, clock, log);
}

void Service::Parts::stop_watching() {
  watchdog->request_stop();
  if (credentials) credentials->request_stop();
}

// Whether there is a tick to wait for is a live option, too.
void Service::Parts::wait_for_first_options(std::stop_token stop) {
  if (!watcher || watcher->wait_for_answer(clock.steady_now() + kFirstOptions, stop) || stop.stop_requested()) return;
  log.warn("runtime_config_does_not_answer",
           {{"seconds", std::chrono::duration<double>(kFirstOptions).count()},
            {"consequence", "joins the group with the options that the process was started with"}});
}

// Members that start together join together.
void Service::Parts::wait_for_first_tick(std::stop_token stop) {
  supervisor::TickWait tick(clock, plan);
  if (tick.over()) return;
  log.info("waiting_for_tick",
           {{"before", "join"},
            {"delay", plan.get().tick.count()},
            {"seconds", std::chrono::duration<double>(tick.deadline() - clock.steady_now()).count()}});
  while (!stop.stop_requested() && !tick.over()) {
    stream->wait(std::min(tick.deadline(), clock.steady_now() + kLookAtPlan), stop);
  }
}

supervisor::SessionEnd Service::Parts::run_session(uint64_t number, std::stop_token stop) {
  auto source = next_source();
  if (!source) return {supervisor::RunOutcome::Fail, source.error().text};
  supervisor::RunDecision decision;
  const std::stop_callback on_stop(stop, [&] {
    decision.claim(supervisor::RunOutcome::Stop);
    stream->wake();
  });
  // A wait for the tick may have begun after the loop was woken by the stop itself.
  const std::stop_callback on_asked(stops.asked(), [this] { stream->wake(); });
  const std::stop_callback on_drain(stops.drain(), [this] { stream->wake(); });
  renewal.begin_session(decision);
  between_sessions.set({});
  in_session.store(true);
  const stream::SessionResult result = stream->run(**source, number, renewal);
  in_session.store(false);
  renewal.end_session();
  switch (result.end) {
    case stream::End::Broken:
      return broken(result);
    case stream::End::Renewed:
      return {supervisor::RunOutcome::Renew, "renewal", renewal.has_next_member()};
    default:
      return {supervisor::RunOutcome::Stop, result.reason};
  }
}

supervisor::SessionEnd Service::Parts::broken(const stream::SessionResult& result) {
  supervisor::SessionEnd end{supervisor::RunOutcome::Fail, result.reason};
  if (!result.fenced || renewal.may_have_fenced_itself()) return end;
  end.stolen = identity.configured();
  if (end.stolen) {
    end.reason =
        "another process uses the same --group-instance-id " + identity.instance_id() + "; each process needs its own";
  } else {
    identity.draw_again();
  }
  between_sessions.set(end.reason);
  return end;
}

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Service>> Service::open(const settings::Loaded& loaded, Clock& clock, std::ostream* log_to,
                                               std::stop_token stop) {
  auto parts = std::make_unique<Parts>(loaded.settings, clock, log_to);
  if (const Status checked = kafka::check_connection_settings(parts->pipeline().kafka); !checked) {
    return tl::make_unexpected(checked.error());
  }
  auto store = parts->open_option_store(std::move(stop));
  if (!store) return tl::make_unexpected(store.error());
  if (const Status opened = parts->open_stream(); !opened) return tl::make_unexpected(opened.error());
  if (*store) {
    parts->take_options(parts->options());
    parts->watch_options(*std::move(store));
  }
  parts->begin_watching();
  if (const Status started = parts->start_admin(); !started) return tl::make_unexpected(started.error());
  if (const Status started = parts->start_telemetry(); !started) return tl::make_unexpected(started.error());
  for (const std::string& notice : loaded.notices) parts->log.info("setting_noticed", {{"reason", notice}});
  for (const std::string& warning : loaded.warnings) parts->log.warn("setting_may_hurt", {{"reason", warning}});
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

Service::~Service() {
  Parts& p = *parts_;
  p.checks.reset();
  p.health_file.reset();
  p.admin_server.reset();
  p.credentials.reset();
  p.watchdog.reset();
  p.end_offsets.reset();
  p.statsd.reset();
  p.log.set_error_sink({});
  p.sentry.reset();
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
  log_proxies(pipeline, p.log);
  if (!p.settings.admin.health_check_file.empty()) {
    p.health_file = std::make_unique<admin::HealthFile>(
        p.settings.admin.health_check_file, [&p] { return p.file_health(); }, p.clock, p.log, p.metrics);
  }
  p.checks = std::make_unique<BackgroundChecks>(pipeline, p.clock, p.log, &p.log.secrets());
  supervisor::Supervisor supervisor(
      p.clock, p.log, {}, chance,
      [&p](uint64_t number, std::stop_token session_stop) { return p.run_session(number, session_stop); },
      [&p](SteadyTime until, std::stop_token wait_stop) { p.stream->wait(until, wait_stop); });
  const std::stop_callback on_stop(stop, [&p] {
    p.stop_watching();
    p.stops.begin();
  });
  p.wait_for_first_options(stop);
  p.wait_for_first_tick(stop);
  supervisor.run(stop);
  p.renewal.abandon();
  p.checks.reset();
  const StreamStatus end = *p.stream->status();
  p.log.info("stopped", {{"messages_consumed", end.messages_consumed},
                         {"rows_written", end.rows_written},
                         {"dead_letters", end.dead_letters},
                         {"abandoned", end.abandoned}});
}

SessionStatus Service::session() const { return parts_->session_status(); }
admin::Answer Service::ready() { return parts_->ready(); }
void Service::memory_is_short() {
  parts_->stops.skip_wait();
  parts_->log.error("memory_is_short", {{"advice",
                                         "it stops in order and nothing is lost; give it more memory, or use a lower "
                                         "--memory-limit-bytes or --max-batch-bytes"}});
}
bool Service::hurry_stop() { return parts_->stops.hurry(); }
supervisor::RenewalDesk& Service::renewals() { return parts_->desk; }
StreamStatus Service::status() const { return *parts_->stream->status(); }
LiveOptions Service::options() const { return parts_->options(); }
std::string Service::admin_address() const {
  return parts_->admin_server ? parts_->admin_server->address() : std::string();
}

}  // namespace freshet::app

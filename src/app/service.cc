#include "app/service.h"

#include <utility>
#include <vector>

#include "admin/health_file.h"
#include "admin/history.h"
#include "admin/server.h"
#include "app/app_events.h"
#include "app/app_metrics.h"
#include "app/background_checks.h"
#include "app/consumer_runtime.h"
#include "app/delivery_decision.h"
#include "app/format_decision.h"
#include "app/kafka_clients.h"
#include "app/pipeline_runtime.h"
#include "app/proxies.h"
#include "app/startup_wait.h"
#include "app/status_report.h"
#include "app/telemetry_stack.h"
#include "kafka/client_config.h"
#include "runtime_config/options_watcher.h"
#include "runtime_config/stores.h"
#include "settings/secrets.h"

namespace freshet::app {
namespace {

// How long the first join waits for a store of live options that does not answer.
constexpr Duration kFirstOptions = std::chrono::seconds(5);
// How long the exit waits for Kafka clients.
constexpr Duration kClientsEnd = std::chrono::seconds(2);

// What Kafka clients use until they are destroyed.
struct ServiceContext {
  ServiceContext(const settings::Settings& s, Clock& c, std::ostream* log_to)
      : settings(s),
        telemetry(settings.telemetry, settings.secrets, c, log_to),
        delivery(settings.pipeline, c, telemetry.log, telemetry.metrics, &telemetry.secret_store),
        clients(settings.pipeline.kafka, c, telemetry) {
    if (settings::runs_commands(settings)) commands.emplace(telemetry.secret_store, c);
    const kafka::KafkaSettings& kafka = settings.pipeline.kafka;
    consumer_info(telemetry.metrics, kafka.topic, kafka.consumer_group, settings.pipeline.clickhouse.table).set(1);
    memory_limit_bytes(telemetry.metrics).set(static_cast<double>(kafka.memory_limit));
  }

  settings::Settings settings;  // constant once the delivery is decided
  TelemetryStack telemetry;
  DeliveryDecision delivery;
  KafkaClients clients;
  std::optional<secrets::CommandRenewal> commands;
};

// A client that hangs must not keep the process from exiting: it is leaked, together with everything that it may still
// use.
struct EndOfClients {
  void operator()(ServiceContext* context) const {
    if (context->clients.wait_for_end(kClientsEnd)) {
      std::default_delete<ServiceContext>()(context);
    } else {
      context->telemetry.log.emit(KafkaClientNotClosed{});
    }
  }
};

// The store's current options, needed before the first message; without a store, those of the settings.
struct FirstOptions {
  std::unique_ptr<OptionSource> store;
  LiveOptions options;
};

runtime_config::OptionScope scope_of(const settings::Settings& settings) {
  return {settings.pipeline.kafka.consumer_group, settings.runtime_config.storage};
}

// `stop` interrupts the read.
Result<FirstOptions> read_first_options(ServiceContext& context, std::stop_token stop) {
  const settings::Settings& settings = context.settings;
  FirstOptions first{nullptr, settings.pipeline.options};
  if (settings.runtime_config.store.empty() && settings.runtime_config.values_file.empty()) return first;
  auto store = runtime_config::open_store(settings.runtime_config, &context.telemetry.secret_store);
  if (!store) return tl::make_unexpected(store.error());
  const std::stop_callback on_stop(std::move(stop), [&] { (*store)->interrupt(); });
  first.options = runtime_config::read_now(**store, scope_of(settings), settings.pipeline.options);
  first.store = *std::move(store);
  return first;
}

// Waits until it is clear which delivery the table permits.
Status decide_delivery(ServiceContext& context, Clock& clock, const std::stop_token& stop) {
  StartupWait wait(context.settings, clock, context.telemetry,
                   [&] { return masked(context.delivery.status(), context.telemetry.secrets()); });
  const auto decided = context.delivery.decide([&] { return wait.waits(stop); }, stop);
  if (!decided) return tl::make_unexpected(decided.error());
  context.settings.pipeline.stream.delivery = *decided;
  context.settings.pipeline.clickhouse.delivery = *decided;
  context.settings.pipeline.kafka.planned_commits = *decided == Delivery::ExactlyOnce;
  return {};
}

}  // namespace

// In order of construction: later members use earlier ones and are destroyed first.
struct Service::Impl {
  Impl(std::unique_ptr<ServiceContext, EndOfClients> g, std::unique_ptr<PipelineRuntime> p,
       std::vector<settings::EffectiveValue> effective, Clock& c)
      : clock(c),
        context(std::move(g)),
        pipeline(std::move(p)),
        format(context->settings.pipeline, c, telemetry().log, telemetry().metrics),
        consumers(context->settings, c, telemetry(), context->clients, *pipeline),
        report(context->settings, std::move(effective), c, telemetry(), *pipeline, consumers, context->delivery,
               format),
        history(c) {}

  TelemetryStack& telemetry() { return context->telemetry; }
  void apply(const LiveOptions& options);
  void watch_options(std::unique_ptr<OptionSource> store);
  Status start_telemetry();
  Status start_admin();
  void wait_for_first_options(std::stop_token stop);

  Clock& clock;
  const std::unique_ptr<ServiceContext, EndOfClients> context;
  const std::unique_ptr<PipelineRuntime> pipeline;
  FormatDecision format;
  ConsumerRuntime consumers;
  StatusReport report;
  admin::History history;
  std::unique_ptr<runtime_config::OptionsWatcher> watcher;
  std::unique_ptr<TelemetryExport> telemetry_export;
  std::unique_ptr<admin::HistorySampler> sampler;  // none without an admin server
  std::unique_ptr<admin::AdminServer> admin_server;
};

// Pushes the options that need a call; all other users read the pipeline's snapshot.
void Service::Impl::apply(const LiveOptions& options) {
  telemetry().log.set_level(options.log_level);
  consumers.set_options(options.renewal);
  pipeline->set_options(options);
}

void Service::Impl::watch_options(std::unique_ptr<OptionSource> store) {
  const settings::Settings& settings = context->settings;
  watcher = std::make_unique<runtime_config::OptionsWatcher>(
      std::move(store), settings.runtime_config.poll_interval, scope_of(settings), settings.pipeline.options,
      [this](const LiveOptions& options) { apply(options); }, clock, telemetry().log, telemetry().metrics);
}

Status Service::Impl::start_telemetry() {
  auto started = TelemetryExport::start(
      context->settings.telemetry, [this] { return report.assigned_partitions(); }, clock, telemetry());
  if (!started) return tl::make_unexpected(started.error());
  telemetry_export = *std::move(started);
  return {};
}

Status Service::Impl::start_admin() {
  if (context->settings.admin.listen.empty()) return {};
  auto started =
      admin::AdminServer::start(context->settings.admin, admin_sources(report, history, consumers, telemetry()),
                                admin::ConnectionLimits::for_this_process(), &telemetry().secret_store);
  if (!started) return tl::make_unexpected(started.error());
  sampler = std::make_unique<admin::HistorySampler>(
      history, [this] { return report.history_reading(); }, [this] { return report.last_renewal(); }, clock);
  admin_server = *std::move(started);
  return {};
}

// Also waits because the tick of the first join is a live option.
void Service::Impl::wait_for_first_options(std::stop_token stop) {
  if (!watcher || watcher->wait_for_answer(clock.steady_now() + kFirstOptions, stop) || stop.stop_requested()) return;
  telemetry().log.emit(RuntimeConfigTimeout{to_seconds(kFirstOptions)});
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::open(const settings::Loaded& loaded, Clock& clock, std::ostream* log_to,
                                               std::stop_token stop) {
  std::unique_ptr<ServiceContext, EndOfClients> context(
      std::make_unique<ServiceContext>(loaded.settings, clock, log_to).release());
  const settings::Settings& settings = context->settings;
  if (const Status checked = kafka::check_connection_settings(settings.pipeline.kafka); !checked) {
    return tl::make_unexpected(checked.error());
  }
  Log& log = context->telemetry.log;
  for (const std::string& notice : loaded.notices) log.emit(ConfigNotice{notice});
  for (const std::string& warning : loaded.warnings) log.emit(ConfigWarning{warning});
  auto first = read_first_options(*context, stop);
  if (!first) return tl::make_unexpected(first.error());
  if (const Status decided = decide_delivery(*context, clock, stop); !decided) {
    return tl::make_unexpected(decided.error());
  }
  auto pipeline = PipelineRuntime::open(settings.pipeline, first->options, clock, context->telemetry);
  if (!pipeline) return tl::make_unexpected(pipeline.error());
  auto impl = std::make_unique<Impl>(std::move(context), *std::move(pipeline), loaded.effective, clock);
  if (first->store) {
    impl->apply(first->options);
    impl->watch_options(std::move(first->store));
  }
  if (const Status started = impl->start_telemetry(); !started) return tl::make_unexpected(started.error());
  if (const Status started = impl->start_admin(); !started) return tl::make_unexpected(started.error());
  return std::unique_ptr<Service>(new Service(std::move(impl)));
}

void Service::run(std::stop_token stop) {
  Impl& p = *impl_;
  const settings::Settings& settings = p.context->settings;
  const settings::Pipeline& pipeline = settings.pipeline;
  telemetry::LogBackend& log = p.telemetry().log;
  const SteadyTime started = p.clock.steady_now();
  log.emit(Started{FRESHET_VERSION, pipeline.kafka.topic, pipeline.kafka.consumer_group, pipeline.clickhouse.table,
                   admin_address()});
  log_proxies(pipeline, log);
  std::unique_ptr<admin::HealthFile> health_file;
  if (!settings.admin.health_check_file.empty()) {
    health_file = std::make_unique<admin::HealthFile>(
        settings.admin.health_check_file, [&p] { return p.report.file_health(); }, p.clock, log, p.telemetry().metrics);
  }
  {
    const BackgroundChecks checks(
        pipeline, p.context->delivery, p.format, [&p](TableColumns table) { p.pipeline->set_table(std::move(table)); },
        p.clock, log, &p.telemetry().secret_store);
    p.wait_for_first_options(stop);
    p.consumers.run(stop);
  }
  const StreamStatus end = *p.pipeline->stream().status();
  log.emit(Stopped{pipeline.kafka.topic, to_seconds(p.clock.steady_now() - started), end.messages_consumed,
                   end.rows_written, end.batches_written, end.dead_letters, end.abandoned,
                   p.consumers.requests().renewed(), end.insert_errors, end.kafka_errors});
}

ConsumerStatus Service::consumer() const { return impl_->report.consumer(); }
admin::HealthStatus Service::ready() { return impl_->report.ready(); }
void Service::out_of_memory() {
  impl_->consumers.stops().skip_wait();
  impl_->telemetry().log.emit(OutOfMemory{});
}
bool Service::hurry_stop() { return impl_->consumers.stops().hurry(); }
supervisor::RenewalRequests& Service::renewals() { return impl_->consumers.requests(); }
DeliveryStatus Service::delivery() const { return impl_->report.delivery(); }
StreamStatus Service::status() const { return *impl_->pipeline->stream().status(); }
LiveOptions Service::options() const { return impl_->pipeline->options(); }
std::string Service::admin_address() const {
  return impl_->admin_server ? impl_->admin_server->address() : std::string();
}

}  // namespace freshet::app

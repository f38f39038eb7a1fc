#include "testkit/servers.h"

#include <fmt/format.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "http/http_client.h"
#include "http/url.h"

namespace freshet::testkit {
namespace {

using std::chrono::seconds;

constexpr seconds kStart(240);  // enough on a busy machine

std::string old_config(const std::string& folder, int http_port, int tcp_port, int interserver_port) {
  return fmt::format(R"(<yandex>
<logger><level>warning</level><log>{0}/log</log><errorlog>{0}/errors</errorlog></logger>
<http_port>{1}</http_port><tcp_port>{2}</tcp_port><interserver_http_port>{3}</interserver_http_port>
<listen_host>127.0.0.1</listen_host><path>{0}/data/</path><tmp_path>{0}/tmp/</tmp_path>
<user_files_path>{0}/files/</user_files_path><users_config>{0}/users.xml</users_config>
<mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone><default_profile>default</default_profile>
<default_database>default</default_database>
</yandex>)",
                     folder, http_port, tcp_port, interserver_port);
}

constexpr const char* kOldUsers = R"(<yandex><profiles><default></default></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
<quota>default</quota></default>{}</users><quotas><default></default></quotas></yandex>)";

constexpr const char* kUsers =
    "<clickhouse><profiles><default>{}</default></profiles><quotas><default/></quotas><users><default><password></"
    "password>"
    "<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>{}</default></users>"
    "</clickhouse>";

}  // namespace

std::string local_clickhouse_program() {
  const auto self = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (auto folder = self; folder != folder.root_path(); folder = folder.parent_path()) {
    const auto program = folder / "freshet-local-clickhouse";
    if (std::filesystem::exists(program)) return program.string();
  }
  throw std::runtime_error("freshet-local-clickhouse is not built; run ./dev build");
}

KafkaServer::KafkaServer(const std::map<std::string, std::string>& properties, const std::vector<Listener>& more,
                         const std::map<std::string, std::string>& scram, std::vector<std::string> java_options)
    : port_(free_port()), controller_port_(free_port()), java_options_(std::move(java_options)) {
  std::map<std::string, std::string> all = {
      {"process.roles", "broker,controller"},
      {"node.id", "1"},
      {"controller.quorum.voters", fmt::format("1@127.0.0.1:{}", controller_port_)},
      {"listeners", fmt::format("PLAINTEXT://127.0.0.1:{},CONTROLLER://127.0.0.1:{}", port_, controller_port_)},
      {"advertised.listeners", fmt::format("PLAINTEXT://127.0.0.1:{}", port_)},
      {"controller.listener.names", "CONTROLLER"},
      {"log.dirs", folder_.path("data")},
      {"offsets.topic.replication.factor", "1"},
      {"offsets.topic.num.partitions", "4"},
      {"log.retention.ms", "-1"},  // tests produce messages of the past, which the broker would delete
      {"transaction.state.log.replication.factor", "1"},
      {"transaction.state.log.min.isr", "1"},
      {"transaction.state.log.num.partitions", "2"},
      {"group.initial.rebalance.delay.ms", "0"},
      {"auto.create.topics.enable", "false"}};
  std::string protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT";
  for (const Listener& listener : more) {
    all["listeners"] += fmt::format(",{}://127.0.0.1:{}", listener.name, listener.port);
    all["advertised.listeners"] += fmt::format(",{}://127.0.0.1:{}", listener.name, listener.advertised);
    protocols += fmt::format(",{}:{}", listener.name, listener.protocol);
  }
  all["listener.security.protocol.map"] = protocols;
  for (const auto& [key, value] : properties) all[key] = value;
  properties_ = std::move(all);
  write_properties();
  const std::string jars = tool_path("FRESHET_DEV_KAFKA_DIR") + "/*";
  std::vector<std::string> command = {"java",
                                      "-cp",
                                      jars,
                                      "kafka.tools.StorageTool",
                                      "format",
                                      "-t",
                                      "MkU3OEVBNTcwNTJENDM2Qk",
                                      "-c",
                                      folder_.path("server.properties")};
  for (const auto& [user, password] : scram) {
    for (const char* mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"}) {
      command.insert(command.end(),
                     {"--add-scram", fmt::format("{}=[name={},password={}]", mechanism, user, password)});
    }
  }
  ChildProcess format(command, folder_.path("format.out"));
  if (format.wait(kStart) != 0) throw std::runtime_error("formatting Kafka's storage:\n" + format.output());
  start();
}

std::string KafkaServer::plain_login(const std::string& user, const std::string& password) {
  return fmt::format("org.apache.kafka.common.security.plain.PlainLoginModule required user_{}=\"{}\";", user,
                     password);
}

std::string KafkaServer::bootstrap() const { return fmt::format("127.0.0.1:{}", port_); }

void KafkaServer::start() {
  std::vector<std::string> command = {"java", "-Xmx2g", "-XX:+UseSerialGC"};
  command.insert(command.end(), java_options_.begin(), java_options_.end());
  command.insert(command.end(),
                 {"-cp", tool_path("FRESHET_DEV_KAFKA_DIR") + "/*", "kafka.Kafka", folder_.path("server.properties")});
  process_ = std::make_unique<ChildProcess>(command, folder_.path("kafka.out"));
  wait_until_ready(*process_, "Kafka", kStart, [this] { return accepts_connections(port_); });
}

void KafkaServer::set_property(const std::string& key, const std::string& value) {
  properties_[key] = value;
  write_properties();
}

void KafkaServer::write_properties() const {
  std::ofstream file(folder_.path("server.properties"));
  for (const auto& [key, value] : properties_) file << key << '=' << value << '\n';
}

void KafkaServer::stop() {
  process_->signal(SIGTERM);
  if (!process_->wait(seconds(60))) kill();
}

void KafkaServer::kill() {
  process_->signal(SIGKILL);
  process_->wait(seconds(30));
}

void ClickHouseServer::stop() {
  process_->signal(SIGTERM);
  if (!process_->wait(seconds(30))) kill();
}

void ClickHouseServer::kill() {
  process_->signal(SIGKILL);
  process_->wait(seconds(30));
}

std::string ClickHouseServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

std::string ClickHouseServer::query(const std::string& sql) const {
  http::Client client({});
  http::Request request;
  request.method = "POST";
  request.url = url() + "/";
  request.body = {sql};
  const auto response = client.send(request);
  if (!response) throw std::runtime_error(sql + ": " + response.error().text);
  if (response->status != 200) throw std::runtime_error(sql + ": " + response->body);
  std::string text = response->body;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void ClickHouseServer::launch(const std::vector<std::string>& command) {
  process_ = std::make_unique<ChildProcess>(command, folder_.path("server.out"));
  wait_until_ready(*process_, command.front(), kStart, [this] {
    if (!accepts_connections(port_)) return false;
    try {
      return query("SELECT 1") == "1";
    } catch (const std::runtime_error&) {
      return false;
    }
  });
}

void OldClickHouse::start() {
  std::ofstream(folder_.path("config.xml")) << old_config(folder_.path(), port_, free_port(), free_port());
  std::ofstream(folder_.path("users.xml")) << fmt::format(kOldUsers, more_users_);
  launch({tool_path("FRESHET_DEV_CLICKHOUSE_SERVER"), "--config-file=" + folder_.path("config.xml")});
}

void OldClickHouse::set_password(const std::string& user, const std::string& password) {
  more_users_ = fmt::format(
      "<{0}><password>{1}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>"
      "<quota>default</quota></{0}>",
      user, password);
  std::ofstream(folder_.path("users.xml")) << fmt::format(kOldUsers, more_users_);
  query("SYSTEM RELOAD CONFIG");
}

void LocalClickHouse::start() {
  tool_path("FRESHET_DEV_CHDB_LIB");
  std::vector<std::string> command = {local_clickhouse_program(), "--listen", fmt::format("127.0.0.1:{}", port_),
                                      "--path", folder_.path("data")};
  command.insert(command.end(), more_.begin(), more_.end());
  launch(command);
}

void LocalClickHouse::restart_with(const std::string& of_server, const std::string& of_user,
                                   const std::string& of_profile) {
  const std::string config = folder_.path("config.xml");
  std::ofstream(config) << fmt::format("<clickhouse><users_config>{}</users_config>{}</clickhouse>",
                                       folder_.path("users.xml"), of_server);
  std::ofstream(folder_.path("users.xml")) << fmt::format(kUsers, of_profile, of_user);
  more_ = {"--config", config};
  stop();
  start();
}

RedisServer::RedisServer(const std::string& password) : password_(password) { start(); }

void RedisServer::start() {
  std::vector<std::string> command = {tool_path("FRESHET_DEV_REDIS_SERVER"),
                                      "--port",
                                      std::to_string(port_),
                                      "--bind",
                                      "127.0.0.1",
                                      "--dir",
                                      folder_.path(),
                                      "--save",
                                      "",
                                      "--appendonly",
                                      "yes"};
  if (!password_.empty()) command.insert(command.end(), {"--requirepass", password_});
  process_ = std::make_unique<ChildProcess>(command, folder_.path("redis.out"));
  wait_until_ready(*process_, "Redis", kStart, [this] { return accepts_connections(port_); });
}

void RedisServer::stop() {
  process_->signal(SIGTERM);
  process_->wait(seconds(30));
}

void RedisServer::set(const std::string& hash, const std::string& key, const std::string& value) const {
  TempFolder folder;
  std::vector<std::string> command = {"redis-cli", "-p", std::to_string(port_), "-n", "1"};
  if (!password_.empty()) command.insert(command.end(), {"-a", password_});
  command.insert(command.end(), {"HSET", hash, key, value});
  ChildProcess cli(command, folder.path("out"));
  if (cli.wait(seconds(60)) != 0) throw std::runtime_error("redis-cli: " + cli.output());
}

}  // namespace freshet::testkit

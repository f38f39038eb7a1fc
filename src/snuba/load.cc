#include "snuba/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "snuba/command_line.h"
#include "snuba/consumer_config.h"
#include "snuba/to_settings.h"

namespace freshet::snuba {
namespace {

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

Result<std::string> content_of(const CommandLine& line, std::string_view option) {
  const std::string path = line.text(option);
  auto text = read_file(path);
  if (!text) return failure(ErrorKind::Fatal, fmt::format("--{}: '{}' {}", option, path, text.error().text));
  return text;
}

Error in_file(const CommandLine& line, std::string_view option, const Error& error) {
  return {error.kind, error.code, fmt::format("--{} {}: {}", option, line.text(option), error.text)};
}

Result<Storages> read_storages(const CommandLine& line) {
  if (!line.given("storage-table")) return built_in_storages();
  const auto text = content_of(line, "storage-table");
  if (!text) return tl::make_unexpected(text.error());
  auto storages = storages_from_yaml(*text);
  if (!storages) return tl::make_unexpected(in_file(line, "storage-table", storages.error()));
  return storages;
}

Result<ConsumerConfig> read_document(const CommandLine& line) {
  const auto text = content_of(line, "consumer-config");
  if (!text) return tl::make_unexpected(text.error());
  auto config = parse_document(*text);
  if (!config) return tl::make_unexpected(in_file(line, "consumer-config", config.error()));
  if (line.given("storage") && line.text("storage") != config->storage) {
    return failure(ErrorKind::Fatal, fmt::format("--storage: '{}' is not the storage of the document, '{}'",
                                                 line.text("storage"), config->storage));
  }
  if (line.given("compat")) config->compat = line.text("compat") == "june" ? Compat::June : Compat::Head;
  if (const Status applied = apply_command_line(line, *config); !applied) {
    return tl::make_unexpected(applied.error());
  }
  return config;
}

Result<ConsumerConfig> read_config(const CommandLine& line, const Result<SnubaSettings>& settings) {
  if (line.given("consumer-config")) return read_document(line);
  if (!settings) return tl::make_unexpected(settings.error());
  const auto storages = read_storages(line);
  if (!storages) return tl::make_unexpected(storages.error());
  return resolve(line, *settings, *storages, line.text("compat") == "june" ? Compat::June : Compat::Head);
}

// Where the deployment mounts sentry-options.
std::string values_file(const Environment& environment) {
  std::string base = variable(environment, "SENTRY_OPTIONS_DIR");
  if (base.empty()) base = std::filesystem::exists("/etc/sentry-options") ? "/etc/sentry-options" : "sentry-options";
  return base + "/values/snuba/values.json";
}

LiveSources live_sources(const Environment& environment, const Result<SnubaSettings>& settings, Compat compat) {
  LiveSources live;
  live.values_file = values_file(environment);
  if (settings) {
    live.redis = settings->redis;
    live.fixed = settings->config_state;
  }
  live.redis.configured = live.redis.configured || compat == Compat::June;
  return live;
}

void move_to(std::vector<std::string>& to, std::vector<std::string> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

bool is_command(std::string_view command) {
  return command == "rust-consumer" || command == "accepted-outcomes-consumer";
}

tl::expected<settings::Loaded, settings::Refusals> load(std::string_view command, const std::vector<std::string>& args,
                                                        const Environment& environment) {
  Parsed parsed = parse(command, args);
  if (!parsed.refusals.empty()) return tl::make_unexpected(std::move(parsed.refusals));
  const auto settings = read_snuba_settings(environment);
  const auto config = read_config(parsed.line, settings);
  if (!config) return tl::make_unexpected(settings::Refusals{config.error().text});
  Translated translated = translate(parsed.line, *config, live_sources(environment, settings, config->compat),
                                    variable(environment, "SNUBA_RELEASE"));
  std::vector<std::string> all = std::move(translated.flags);
  move_to(all, parsed.line.others);
  auto loaded = settings::load("run", all, environment, translated.defaults);
  settings::Refusals refusals = std::move(translated.refusals);
  if (!loaded) move_to(refusals, loaded.error());
  if (!refusals.empty()) return tl::make_unexpected(std::move(refusals));
  move_to(loaded->notices, std::move(parsed.notices));
  move_to(loaded->notices, std::move(translated.notices));
  return loaded;
}

std::string full_help(std::string_view command) {
  const auto both_know = [command](std::string_view name) {
    const auto& options = options_of(command);
    return std::any_of(options.begin(), options.end(), [name](const Option& option) { return option.name == name; });
  };
  return help(command) + "\nfreshet's own options\n" + settings::option_help("run", both_know);
}

}  // namespace freshet::snuba

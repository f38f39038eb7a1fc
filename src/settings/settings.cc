#include "settings/settings.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "base/files.h"
#include "settings/hints.h"
#include "settings/rules.h"
#include "settings/secrets.h"
#include "settings/table.h"
#include "settings/values.h"

namespace freshet::settings {
namespace {

// One source's values of one setting.
struct Given {
  std::vector<std::string> values;
  std::string source;  // for --print-config
  std::string where;   // for refusals: "--topic", "FRESHET_TOPIC", "topic (config.yaml:3)"
};
using Layer = std::map<std::string_view, Given>;  // by Setting::name

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// Makes maxBatchSize, max_batch_size and max-batch-size equal.
std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) letters += c;
  }
  return lower_case(std::move(letters));
}

std::string did_you_mean(std::string_view name, std::string (*spell)(const Setting&)) {
  const std::string letters = letters_of(name);
  const Setting* best = nullptr;
  const Setting* longer = nullptr;                         // starts with `name`
  size_t distance = std::min<size_t>(4, name.size() / 3);  // a larger distance means another word
  for (const Setting& setting : table()) {
    const std::string theirs = letters_of(spell(setting));
    if (theirs == letters) return fmt::format("; did you mean {}?", spell(setting));
    if (letters.size() > 4 && theirs.starts_with(letters) && longer == nullptr) longer = &setting;
    const size_t d = edit_distance(letters, theirs);
    if (d < distance) {
      distance = d;
      best = &setting;
    }
  }
  if (longer != nullptr && distance > 1) best = longer;
  return best == nullptr ? "; see --help for the settings there are" : fmt::format("; did you mean {}?", spell(*best));
}

// FRESHET_DEV_... is for this project's own scripts. Kubernetes (and Docker's links) sets the others in every pod next
// to a service named freshet.
bool is_of_others(std::string_view variable) {
  for (const std::string_view prefix : {"FRESHET_DEV_", "FRESHET_SERVICE_", "FRESHET_PORT_"}) {
    if (variable.starts_with(prefix)) return true;
  }
  return variable == "FRESHET_PORT";
}

// The key as a flag, without its dashes.
std::string flag_name(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return key;
}

// Copies values that several modules need but that are given once.
void share_between_modules(Settings& settings) {
  Pipeline& p = settings.pipeline;
  p.stream.topic = p.kafka.topic;
  settings.dead_letters.selection.topic = p.kafka.topic;
  p.stream.schema.logical_topic = p.kafka.topic;
  p.stream.consumer_group = p.kafka.consumer_group;
  p.stream.table = p.clickhouse.table;
  p.kafka.memory_limit = p.stream.memory_limit;
  settings.telemetry.level = p.options.log_level;
}

class Loader {
 public:
  Loader(const Command& command, const std::vector<std::string>& args,
         const std::map<std::string, std::string>& environment, const DefaultsLayer& defaults)
      : command_(command), complete_(defaults.complete) {
    for (const auto& [name, values] : defaults.values) {
      defaults_[find_setting(name)->name] = {values, defaults.source, flag_of(*find_setting(name))};
    }
    read_flags(args);
    read_environment(environment);
    read_file();
  }

  tl::expected<Loaded, Refusals> finish() {
    for (const Setting& setting : table()) {
      if (!accepts(setting)) continue;
      const Given* given = find(setting.name);
      EffectiveValue effective{file_key_of(setting), default_of(setting), "default"};
      if (given != nullptr) {
        effective.source = given->source;
        effective.value.clear();
        for (const std::string& value : given->values) {
          effective.value += (effective.value.empty() ? "" : ",") + shown(setting, value);
          apply(setting, value, given->where);
        }
      }
      if (setting.name == "print-config") continue;  // printed, it would make a file that only prints
      if (given != nullptr || !effective.value.empty()) loaded_.effective.push_back(std::move(effective));
    }
    apply_secret_variables();
    share_between_modules(loaded_.settings);
    if (refusals_.empty()) {
      const Origins origins{[this](std::string_view name) { return find(name) != nullptr; },
                            [this](std::string_view name) {
                              return flags_.contains(name) || variables_.contains(name) || file_.contains(name);
                            },
                            [this](std::string_view name) { return find(name)->where; }};
      check_rules(command_.rules, loaded_.settings, origins, refusals_, loaded_.warnings);
    }
    refuse_exposed_secrets();
    if (!refusals_.empty()) return tl::make_unexpected(std::move(refusals_));
    if (complete_) complete_(loaded_);
    loaded_.settings.telemetry.secrets = secrets_of(loaded_.settings);
    warn_of_exposed_files();
    return std::move(loaded_);
  }

 private:
  void refuse(std::string text) { refusals_.push_back(std::move(text)); }

  bool accepts(const Setting& setting) const { return (setting.commands & command_.accepts) != 0; }

  void apply(const Setting& setting, const std::string& value, const std::string& where) {
    const Status status = settings::apply(setting, loaded_.settings, value);
    if (status) return;
    refuse(fmt::format("{}: '{}' {}", where, shown(setting, value).substr(0, 200), status.error().text));
  }

  void apply_secret_variables() {
    for (const auto& [secret, value] : secret_variables_) {
      const Setting& file = *find_setting(secret->file_setting);
      if (!accepts(file)) continue;  // for another command
      if (const Given* given = find(file.name)) {
        refuse(fmt::format("{} and {}: hold the same secret; leave one of them out", secret->variable, given->where));
        continue;
      }
      secret->apply(loaded_.settings, value);
      loaded_.effective.push_back({file_key_of(file), "***", fmt::format("environment {}", secret->variable)});
    }
  }

  const Given* find(std::string_view name) const {
    for (const Layer* layer : {&flags_, &variables_, &file_, &defaults_}) {
      if (const auto found = layer->find(name); found != layer->end()) return &found->second;
    }
    return nullptr;
  }

  void read_flags(const std::vector<std::string>& args) {
    const Setting* takes_no_word = nullptr;  // the previous flag, if it is a switch
    for (size_t i = 0; i < args.size(); ++i) {
      const std::string& arg = args[i];
      const Setting* const before = std::exchange(takes_no_word, nullptr);
      if (!arg.starts_with("--") || arg.size() == 2) {
        if (!command_.word.empty() && !arg.starts_with('-')) {
          give(*find_setting(command_.word), arg, std::string(command_.operand));
          continue;
        }
        // The words of a key that a shell has split.
        const bool hidden = std::any_of(args.begin(), args.begin() + static_cast<ptrdiff_t>(i) + 1, holds_pem);
        refuse(fmt::format("'{}': expected a flag that begins with --{}", hidden ? "***" : shown_argument(arg),
                           before == nullptr ? "" : fmt::format("; {0} alone, or {0}=false", flag_of(*before))));
        continue;
      }
      const size_t equals = arg.find('=');
      if (holds_pem(arg.substr(0, equals))) {
        refuse("'***': expected a flag, and this is a certificate or a key; name its file");
        continue;
      }
      const std::string name = arg.substr(2, equals == std::string::npos ? equals : equals - 2);
      const Setting* setting = find_setting(name);
      if (setting == nullptr || !accepts(*setting)) {
        const std::string hint = hint_for_flag(name);
        refuse(setting != nullptr ? fmt::format("--{}: `freshet {}` has no use for it", name, command_.name)
               : hint.empty()     ? fmt::format("--{}: unknown flag{}", name, did_you_mean("--" + name, flag_of))
                                  : fmt::format("--{}: unknown flag; {}", name, hint));
        if (equals == std::string::npos && i + 1 < args.size() && !args[i + 1].starts_with("--")) ++i;
        continue;
      }
      std::string value = "true";
      if (equals != std::string::npos) {
        value = arg.substr(equals + 1);
      } else if (!setting->placeholder.empty()) {
        if (++i >= args.size()) {
          refuse(fmt::format("--{}: its value is missing; use --{} {}", name, name, setting->placeholder));
          return;
        }
        value = args[i];
      } else {
        takes_no_word = setting;
      }
      give(*setting, std::move(value), flag_of(*setting));
    }
  }

  void give(const Setting& setting, std::string value, std::string where) {
    Given& given = flags_[setting.name];
    if (!given.values.empty() && !setting.repeatable) {
      refuse(fmt::format("{}: given twice; {}", where,
                         setting.name == "topic"
                             ? "a process reads one topic into one table: start one process for each"
                         : where != flag_of(setting) ? "it takes one value: quote what has blanks, as '{\"id\": 1}'"
                                                     : "it takes one value"));
    }
    given.values.push_back(std::move(value));
    given.source = "flag";
    given.where = std::move(where);
  }

  void read_environment(const std::map<std::string, std::string>& environment) {
    for (const auto& [name, value] : environment) {
      if (!name.starts_with("FRESHET_") || is_of_others(name) || value.empty()) continue;
      const auto found = std::find_if(table().begin(), table().end(),
                                      [&, &wanted = name](const Setting& s) { return variable_of(s) == wanted; });
      if (const SecretVariable* secret = find_secret_variable(name)) {
        secret_variables_.emplace_back(secret, value);
        continue;
      }
      if (found == table().end()) {
        refuse(fmt::format("{}: unknown variable{}", name, did_you_mean(name, variable_of)));
        continue;
      }
      if (!accepts(*found)) continue;  // for another command
      Given given{{}, "environment", name};
      if (found->repeatable) {
        for (size_t begin = 0; begin <= value.size();) {
          const size_t comma = std::min(value.find(',', begin), value.size());
          given.values.push_back(value.substr(begin, comma - begin));
          begin = comma + 1;
        }
      } else {
        given.values.push_back(value);
      }
      variables_[found->name] = std::move(given);
    }
  }

  void read_file() {
    const Given* given = find("config");
    if (given == nullptr) return;
    path_ = given->values.front();
    YAML::Node root;
    const auto text = freshet::read_file(path_);
    if (!text) {
      const std::string path = shown(*find_setting("config"), path_);
      return refuse(fmt::format("{}: '{}' {}", given->where, path, text.error().text));
    }
    try {
      const std::vector<YAML::Node> documents = YAML::LoadAll(*text);
      if (documents.size() > 1) {
        return refuse(fmt::format("{}: holds several documents, separated by ---; write one map of settings", path_));
      }
      if (!documents.empty()) root = documents.front();
    } catch (const YAML::Exception& e) {
      return refuse(fmt::format("{}:{}:{}: no YAML: {}", path_, e.mark.line + 1, e.mark.column + 1, e.msg));
    }
    if (root.IsNull()) return;
    if (!root.IsMap()) return refuse(fmt::format("{}: expected a map of settings, KEY: VALUE", path_));
    read_map(root, true);
  }

  void read_map(const YAML::Node& map, bool top) {
    for (const auto& entry : map) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
      const std::string where = fmt::format("{} ({}:{})", key, path_, entry.first.Mark().line + 1);
      if (top && key == "pipelines") {
        read_pipelines(entry.second, where);
        continue;
      }
      const auto found =
          std::find_if(table().begin(), table().end(), [&](const Setting& s) { return file_key_of(s) == key; });
      if (found != table().end() && found->name == "config") {
        refuse(fmt::format("{}: a file of settings names no other; give the file with --config", where));
        continue;
      }
      if (found == table().end()) {
        const std::string hint = hint_for_flag(flag_name(key));
        refuse(fmt::format("{}: unknown key{}", where, hint.empty() ? did_you_mean(key, file_key_of) : "; " + hint));
        continue;
      }
      if (!accepts(*found)) continue;  // for another command
      if (file_.contains(found->name)) {
        refuse(fmt::format("{}: given twice", where));
        continue;
      }
      Given given{{}, fmt::format("file {}:{}", path_, entry.first.Mark().line + 1), where};
      if (!read_values(*found, entry.second, given.values)) {
        refuse(fmt::format("{}: expected {}", where, found->repeatable ? "a value, a list or a map" : "one value"));
        continue;
      }
      if (!given.values.empty()) file_[found->name] = std::move(given);
    }
  }

  void read_pipelines(const YAML::Node& list, const std::string& where) {
    if (!list.IsSequence() || list.size() != 1 || !list[0].IsMap()) {
      return refuse(
          fmt::format("{}: expected a list of one map; several topics need several processes for now", where));
    }
    read_map(list[0], false);
  }

  static bool read_values(const Setting& setting, const YAML::Node& node, std::vector<std::string>& values) {
    if (node.IsNull()) return true;
    if (node.IsScalar()) {
      values.push_back(node.Scalar());
      return true;
    }
    if (!setting.repeatable) return false;
    if (node.IsSequence()) {
      for (const auto& one : node) {
        if (!one.IsScalar()) return false;
        values.push_back(one.Scalar());
      }
      return true;
    }
    for (const auto& one : node) {
      if (!one.first.IsScalar() || !one.second.IsScalar()) return false;
      values.push_back(one.first.Scalar() + "=" + one.second.Scalar());
    }
    return true;
  }

  void refuse_exposed_secrets() {
    if (loaded_.settings.secrets_in_arguments) return;
    for (const auto& [name, given] : flags_) {
      for (const std::string& value : given.values) {
        if (std::string why = exposed_by_flag(*find_setting(name), value); !why.empty()) refuse(std::move(why));
      }
    }
  }

  void warn_of_exposed_files() {
    for (const Setting& setting : table()) {
      const Given* given = find(setting.name);
      if (given == nullptr || !accepts(setting)) continue;
      for (const std::string& value : given->values) {
        if (std::string advice = exposed_by_file(setting, value); !advice.empty()) {
          loaded_.warnings.push_back(std::move(advice));
        }
      }
    }
  }

  const Command& command_;
  const std::function<void(Loaded&)> complete_;
  Layer defaults_;
  Layer flags_;
  Layer variables_;
  std::vector<std::pair<const SecretVariable*, std::string>> secret_variables_;
  Layer file_;
  std::string path_;
  Loaded loaded_;
  Refusals refusals_;
};

}  // namespace

tl::expected<Loaded, Refusals> load(std::string_view command, const std::vector<std::string>& args,
                                    const std::map<std::string, std::string>& environment,
                                    const DefaultsLayer& defaults) {
  return Loader(settings::command(command), args, environment, defaults).finish();
}

}  // namespace freshet::settings

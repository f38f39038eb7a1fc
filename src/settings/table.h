// The one table of settings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/commands.h"
#include "settings/settings.h"

namespace freshet::runtime_config {
struct LiveOption;
}

namespace freshet::settings {

// Which whole numbers a setting takes.
struct Bounds {
  int64_t least;
  int64_t most;
};

struct Setting {
  std::string_view name;         // flag --name, variable FRESHET_NAME, file key with '_' for '-'
  std::string_view group;        // heading in --help
  std::string_view placeholder;  // of the value; empty = a switch (true/false)
  std::string_view help;
  unsigned commands;  // of CommandBit
  // Puts one value into the settings. The error's text says what would be right. Null: `live` says it.
  Status (*apply)(Settings&, const std::string& value);
  // The value as text. Null or empty: there is none.
  std::string (*show)(const Settings&);
  std::optional<Bounds> bounds;
  bool repeatable = false;  // flag again and again; variable separated by commas; a list or map in the file
  bool secret = false;      // never shown
  const runtime_config::LiveOption* live = nullptr;  // of a setting that may change while the process runs
};

// Settings that may change while the process runs are made from runtime_config/table.cc, and stand where table.cc says.
std::span<const Setting> table();
const Setting* find_setting(std::string_view name);

Status apply(const Setting& setting, Settings& settings, const std::string& value);
// What a struct of settings holds unless something is given; empty = nothing.
std::string default_of(const Setting& setting);

std::string flag_of(const Setting& setting);      // "--max-batch-size"
std::string variable_of(const Setting& setting);  // "FRESHET_MAX_BATCH_SIZE"
std::string file_key_of(const Setting& setting);  // "max_batch_size"

}  // namespace freshet::settings

// The table of all settings. table.cc is longer than most files, because it is one table: a line or two per setting.
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

// Range of integers that a setting accepts, inclusive.
struct Bounds {
  int64_t least;
  int64_t most;
};

struct Setting {
  std::string_view name;         // flag --name, variable FRESHET_NAME, file key with '_' for '-'
  std::string_view group;        // heading in --help
  std::string_view placeholder;  // of the value; empty = a switch (true/false)
  std::string_view help;
  unsigned commands;  // bits of CommandBit
  // Parses `value` into the settings. The text of an error says what would be valid. Null: `live` does it.
  Status (*apply)(Settings&, const std::string& value);
  // The value as text. Null or an empty text: none.
  std::string (*show)(const Settings&);
  std::optional<Bounds> bounds;
  bool repeatable = false;   // flag given several times; variable separated by commas; list or map in the file
  bool secret = false;       // never printed
  bool secret_file = false;  // names a file with a secret
  // the live option behind the setting; null = cannot change while the process runs
  const runtime_config::LiveOption* live = nullptr;
};

// Includes the live options of runtime_config/table.cc, at the places that table.cc marks.
std::span<const Setting> table();
const Setting* find_setting(std::string_view name);

Status apply(const Setting& setting, Settings& settings, const std::string& value);
// The value if nothing is given; empty = none.
std::string default_of(const Setting& setting);

std::string flag_of(const Setting& setting);      // "--max-batch-size"
std::string variable_of(const Setting& setting);  // "FRESHET_MAX_BATCH_SIZE"
std::string file_key_of(const Setting& setting);  // "max_batch_size"

}  // namespace freshet::settings

// The one table of settings.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "settings/settings.h"

namespace freshet::settings {

// Commands that use a setting, as bits. `check` and `tap` accept those of `run` as well.
enum Command : unsigned { kRun = 1, kCheck = 2, kTap = 4, kProcess = 8, kRenew = 16 };
constexpr unsigned kStreaming = kRun | kCheck | kTap;
constexpr unsigned kAll = kRun | kCheck | kTap | kProcess;

struct Setting {
  std::string_view name;         // flag --name, variable FRESHET_NAME, file key with '_' for '-'
  std::string_view group;        // heading in --help
  std::string_view placeholder;  // of the value; empty = a switch (true/false)
  std::string_view fallback;     // default as text; empty = none
  std::string_view help;
  unsigned commands;
  // Puts one value into the settings. The error's text says what would be right.
  Status (*apply)(Settings&, const std::string& value);
  bool repeatable = false;  // flag again and again; variable separated by commas; a list or map in the file
  bool secret = false;      // never shown
};

std::span<const Setting> table();
const Setting* find_setting(std::string_view name);

std::string flag_of(const Setting& setting);      // "--max-batch-size"
std::string variable_of(const Setting& setting);  // "FRESHET_MAX_BATCH_SIZE"
std::string file_key_of(const Setting& setting);  // "max_batch_size"

}  // namespace freshet::settings

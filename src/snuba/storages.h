// Snuba's writable storages with their topics and tables: a built-in table, which a file can change.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::snuba {

// Current Snuba and Snuba of June; they differ in rows, parameters and configuration.
enum class Compat { Head, June };

// A message belongs to the storage unless its header `header` has another value.
struct PreFilter {
  std::string header;
  std::string value;
  // Older Snuba ignores values other than these; empty = it ignores none.
  std::vector<std::string> known_in_june = {};
};

struct Storage {
  std::string key;  // "errors"
  std::string storage_set;
  std::string local_table;
  std::string distributed_table;
  // Logical topics; empty = none.
  std::string topic;
  std::string commit_log_topic;
  std::string replacements_topic;
  std::string dead_letter_topic;
  std::string processor;         // name of the Python class
  std::string processor_module;  // the Python module
  bool python_only = false;      // Snuba has no native processor
  std::map<std::string, std::string> writer_options;
  std::optional<PreFilter> pre_filter;
  std::optional<Compat> only_in;  // the generation that has it; none = both
};

using Storages = std::map<std::string, Storage, std::less<>>;

const Storages& built_in_storages();

// The built-in storages, changed by `yaml`: a map of storages, each a map of fields (`topic`, `local_table`,
// `distributed_table`, `commit_log_topic`, `replacements_topic`, `dead_letter_topic`, `processor`, `processor_module`,
// `storage_set`, `writer_options`, `pre_filter: {header, value}`). An unknown key adds a storage, which needs at least
// topic, local table and processor. Fatal: the error and its place.
Result<Storages> storages_from_yaml(const std::string& yaml);

}  // namespace freshet::snuba

// Snuba's writable storages: which topics belong to which table (contract 16). Built in, overridable by a file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::snuba {

// The two generations of the reference; they differ in the wire and in configuration.
enum class Compat { Head, June };

// Messages whose header `header` is there with another value are no business of the storage.
struct PreFilter {
  std::string header;
  std::string value;
  // The older generation takes values other than these for none (generic metrics 9.1); empty = every value counts.
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
  std::string processor;         // the Python class
  std::string processor_module;  // the Python module
  bool python_only = false;      // the reference has no native processor
  std::map<std::string, std::string> writer_options;
  std::optional<PreFilter> pre_filter;
  std::optional<Compat> only_in;  // the generation that has it; none = both
};

using Storages = std::map<std::string, Storage, std::less<>>;

const Storages& built_in_storages();

// The built-in ones with what `yaml` says on top: a map of storages, each a map of fields (`topic`, `local_table`,
// `distributed_table`, `commit_log_topic`, `replacements_topic`, `dead_letter_topic`, `processor`, `processor_module`,
// `storage_set`, `writer_options`, `pre_filter: {header, value}`). A new key is a new storage; it needs topic, tables
// and processor. Fatal: what is wrong, and where.
Result<Storages> storages_from_yaml(const std::string& yaml);

}  // namespace freshet::snuba

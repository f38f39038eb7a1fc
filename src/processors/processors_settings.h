// Options of the processors; filled by the settings module. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace freshet::processors {

// The generic JSON processor. An empty column name omits the column.
struct JsonSettings {
  std::string topic_column;
  std::string partition_column;
  std::string offset_column;
  std::string timestamp_column;  // broker timestamp, "YYYY-MM-DD hh:mm:ss.mmm" UTC
  std::string key_column;
  std::map<std::string, std::string> header_columns;  // header name -> column
  std::map<std::string, std::string> fields;          // top-level field -> column; empty = all fields, unchanged
  std::vector<std::string> required_fields;           // top-level fields that must exist and not be null
};

// Snuba's settings that change rows (`env` of its consumer configuration).
struct SnubaEnvironment {
  uint16_t default_retention_days = 90;
  uint16_t lower_retention_days = 30;
  std::set<uint16_t> valid_retention_days{30, 60, 90};
  std::set<uint64_t> project_stacktrace_blacklist;
  bool record_cogs = false;
};

// A Python class in worker processes.
struct PythonSettings {
  bool use = false;
  std::string module;
  std::string class_name;
  std::string python = "python3";             // the interpreter
  uint32_t max_queue_depth = 0;               // messages per request to a worker; 0 = no limit
  std::chrono::milliseconds timeout{30'000};  // for one request; a worker that takes longer is replaced
  std::vector<std::string> environment;       // further variables for the worker; NAME* = all that start with NAME
  uint64_t memory_limit = 4ull << 30;         // bytes of data of one worker; 0 = no limit
};

// Snuba's settings for the data sets that it processes in Python (docs/snuba-data-sets.md, 16).
struct PythonRules {
  bool enforce_retention = false;  // invalid retentions are replaced by the lower or the default one
  bool keep_old_events = false;    // events older than their retention also become rows
  // contexts of transactions that are not stored, by project
  std::map<uint64_t, std::set<std::string>> contexts_not_stored;
};

struct ProcessorsSettings {
  std::string processor = "json";
  JsonSettings json;
  PythonSettings python;
  std::string storage;  // Snuba's name of the storage, "errors"; empty = none
  SnubaEnvironment environment;
  PythonRules python_rules;
  bool row_binary = false;       // RowBinary if the data set supports it
  bool june = false;             // rows as older Snuba writes them (--compat june)
  bool reference_ticks = false;  // DateTime64 as integers of ticks, as Snuba prints them
};

}  // namespace freshet::processors

// Options of the processors; filled by settings. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace freshet::processors {

// The generic JSON processor. An empty column name leaves the column out.
struct JsonSettings {
  std::string topic_column;
  std::string partition_column;
  std::string offset_column;
  std::string timestamp_column;  // broker timestamp, "YYYY-MM-DD hh:mm:ss.mmm" UTC
  std::string key_column;
  std::map<std::string, std::string> header_columns;  // header name -> column
  std::map<std::string, std::string> fields;          // top-level field -> column; empty = all, as they are
  std::vector<std::string> required_fields;           // top-level fields that must be there and not null
};

// Rules of the deployment that Snuba's data sets follow (contract 2.4).
struct SnubaEnvironment {
  uint16_t default_retention_days = 90;
  uint16_t lower_retention_days = 30;
  std::set<uint16_t> valid_retention_days{30, 60, 90};
  std::set<uint64_t> project_stacktrace_blacklist;
  bool record_cogs = false;
};

// A processor outside this program: a Python class in worker processes.
struct PythonSettings {
  bool use = false;
  std::string module;
  std::string class_name;
  std::string python = "python3";             // the interpreter
  uint32_t max_queue_depth = 0;               // messages a worker is given at a time; 0 = as many as there are
  std::chrono::milliseconds timeout{30'000};  // for what a worker is given; one that takes longer is replaced
  std::vector<std::string> environment;       // further variables that a worker gets; NAME* = all that begin so
  uint64_t memory_limit = 0;                  // bytes of data of one worker; 0 = no limit
};

// Rules of the data sets that the reference has in Python (python_common 11).
struct PythonRules {
  bool enforce_retention = false;  // other retentions than the valid ones become the lower or the default one
  bool keep_old_events = false;    // events older than their retention become rows too
  // transactions: contexts that are not stored, by project
  std::map<uint64_t, std::set<std::string>> contexts_not_stored;
};

struct ProcessorsSettings {
  std::string processor = "json";
  JsonSettings json;
  PythonSettings python;
  std::string storage;  // Snuba's name of the table, "errors"; empty = none
  SnubaEnvironment environment;
  PythonRules python_rules;
  bool row_binary = false;       // RowBinary where the data set has it
  bool june = false;             // rows of the older generation where they differ
  bool reference_ticks = false;  // DateTime64 as the reference prints it, an integer of ticks; servers misread that
};

}  // namespace freshet::processors

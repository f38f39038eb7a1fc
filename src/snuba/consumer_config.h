// The resolved configuration of one consumer: Snuba's document (contract 2), read from a file or resolved here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "snuba/command_line.h"
#include "snuba/snuba_settings.h"
#include "snuba/storages.h"

namespace freshet::snuba {

struct Topic {
  std::string physical;
  std::string logical;
  BrokerConfig brokers;
  std::optional<uint64_t> quantized_delay_secs;
};

struct ConsumerConfig {
  std::string storage;
  std::string table;
  std::string processor;  // the Python class
  std::string processor_module;
  bool python_only = false;
  std::map<std::string, std::string> writer_options;
  std::optional<PreFilter> pre_filter;
  Cluster cluster;

  Topic raw;
  std::optional<Topic> commit_log;
  std::optional<Topic> replacements;
  std::optional<Topic> accepted_outcomes;
  std::optional<Topic> dead_letters;
  std::optional<Topic> accountant;

  uint64_t max_batch_size = 50'000;
  uint64_t max_batch_time_ms = 2000;
  bool max_batch_size_in_bytes = false;

  EnvSection env;
  processors::PythonRules python_rules;  // a document cannot say them

  Compat compat = Compat::Head;
};

// As the reference's Python resolves it: command line, settings, storages. Fatal: the option and what would be right.
Result<ConsumerConfig> resolve(const CommandLine& line, const SnubaSettings& settings, const Storages& storages,
                               Compat compat);

// The document of `rust-consumer`, either generation's; which one it is shows where it has `http_port`. Unknown keys
// are refused, but in topics. A storage may also have `writer_options` and `pre_filter` (opt-in, contract 17 #28).
// Fatal: the key and what would be right.
Result<ConsumerConfig> parse_document(const std::string& json);

// What the command line says on top of a document: topics, brokers, batch, but only where given.
Status apply_command_line(const CommandLine& line, ConsumerConfig& config);

}  // namespace freshet::snuba

// The resolved configuration of one consumer, read from Snuba's document or resolved by freshet (docs/snuba.md,
// Configuration).
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
  std::string processor;  // name of the Python class
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

  uint64_t max_batch_size = 0;
  uint64_t max_batch_time_ms = 0;
  bool max_batch_size_in_bytes = false;

  EnvSection env;
  processors::PythonRules python_rules;  // not part of the document

  Compat compat = Compat::Head;
};

// Resolves command line, settings and storages as Snuba's Python does. Fatal: names the option and what would be valid.
Result<ConsumerConfig> resolve(const CommandLine& line, const SnubaSettings& settings, const Storages& storages,
                               Compat compat);

// Parses the document of `rust-consumer`, from current or older Snuba; only the older one has `http_port`. Unknown keys
// are refused, except in topics. Unlike in Snuba, a storage may also have `writer_options` and `pre_filter`. Fatal:
// names the key and what would be valid.
Result<ConsumerConfig> parse_document(const std::string& json);

// Applies command-line options that override the document, if given: topics, brokers, batch.
Status apply_command_line(const CommandLine& line, ConsumerConfig& config);

}  // namespace freshet::snuba

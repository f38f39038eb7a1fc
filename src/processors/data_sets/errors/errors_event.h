// An event as ErrorsProcessor reads it. Texts refer to the reader's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "processors/json/json_reader.h"
#include "processors/values/text_coercions.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

struct TextPair {
  JsonString name;
  JsonString value;
};

// A thread's id: an integer or a text. An integer never equals a text.
struct ThreadId {
  bool is_text = false;
  uint64_t number = 0;
  JsonString text;
  auto order() const { return std::tuple(is_text, is_text ? 0 : number, is_text ? text.view : std::string_view()); }
  bool operator==(const ThreadId& other) const { return order() == other.order(); }
  bool operator<(const ThreadId& other) const { return order() < other.order(); }
};

struct ErrorFrame {
  OptionalText abs_path;
  OptionalText filename;
  OptionalText package;
  OptionalText module;
  OptionalText function;
  std::optional<bool> in_app;
  std::optional<uint32_t> colno;
  std::optional<uint32_t> lineno;
  uint16_t stack_level = 0;
};

struct ErrorException {
  OptionalText type;
  OptionalText value;
  OptionalText mechanism_type;
  std::optional<uint8_t> mechanism_handled;
  std::optional<ThreadId> thread_id;
};

struct ErrorThread {
  std::optional<ThreadId> id;
  std::optional<bool> main;
};

// One entry of a context. `container` is an index into ErrorEvent::containers.
struct ContextEntry {
  JsonString key;
  OptionalText value;
};

// A context. Its entries are [begin, end) of ErrorEvent::context_entries, in the message's order.
struct ContextContainer {
  JsonString name;
  size_t begin = 0;
  size_t end = 0;
};

struct ErrorEvent {
  // From the event itself.
  uint64_t datetime_ms = 0;
  Uuid event_id;
  uint64_t group_id = 0;
  uint64_t group_first_seen_ms = 0;
  JsonString message;
  JsonString primary_hash;
  uint64_t project_id = 0;
  std::optional<uint16_t> retention_days;
  OptionalText platform;

  // From `data`.
  OptionalText culprit;
  uint64_t processing_errors = 0;
  OptionalText location;
  std::optional<double> received;
  OptionalText title;
  OptionalText type;
  OptionalText version;
  std::optional<bool> symbolicated_in_app;
  std::optional<double> sample_rate;
  std::vector<ErrorException> exceptions;
  std::vector<ErrorFrame> frames;
  std::vector<ErrorThread> threads;
  std::vector<std::pair<JsonString, OptionalText>> modules;
  std::vector<TextPair> tags;

  // From `request` and `sdk`.
  OptionalText http_method;
  OptionalText http_referer;
  OptionalText sdk_name;
  OptionalText sdk_version;
  std::vector<JsonString> sdk_integrations;

  // From `user`.
  OptionalText user_email;
  OptionalText user_id;
  OptionalText user_name;
  OptionalText user_ip_address;
  std::optional<ContextContainer> geo;

  // From `contexts`.
  std::vector<ContextContainer> containers;
  std::vector<ContextEntry> context_entries;
  std::vector<TextPair> flags;
  std::optional<Uuid> replay_id;
  std::optional<Uuid> trace_id;
  std::optional<bool> trace_sampled;
  OptionalText span_id;
  OptionalText parent_span_id;
  OptionalText trace_client_sample_rate;
  OptionalText trace_op;
  OptionalText trace_status;

  // Empties everything; vectors keep their capacity.
  void clear();
};

}  // namespace freshet::processors

// An event of the errors data set. Texts refer to the reader's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "processors/description/field_values.h"
#include "processors/formats/row_values.h"
#include "processors/processors_settings.h"
#include "processors/values/ip_address.h"
#include "processors/values/md5.h"
#include "processors/values/text_coercions.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

struct ErrorTag {
  JsonString name;
  JsonString value;
};

struct ErrorModule {
  JsonString name;
  OptionalText version;
};

// A thread's id: an integer or a text. An integer never equals a text.
struct ErrorThreadId {
  bool is_text = false;
  uint64_t number = 0;
  JsonString text;
  auto order() const { return std::tuple(is_text, is_text ? 0 : number, is_text ? text.view : std::string_view()); }
  bool operator<(const ErrorThreadId& other) const { return order() < other.order(); }
};

struct ErrorThread {
  std::optional<ErrorThreadId> id;
  std::optional<bool> main;
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
  std::optional<ErrorThreadId> thread_id;
};

// A context: the elements [begin, end) of ErrorEvent::context_entries, in the message's order.
struct ErrorContext {
  JsonString name;
  size_t begin = 0;
  size_t end = 0;
};
struct ErrorContextEntry {
  JsonString name;
  OptionalText value;
};
// An element of the context columns.
struct ErrorContextCell {
  DottedText name;
  JsonString value;
};

struct ErrorEvent {
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
  std::optional<Truncated> received;  // seconds
  OptionalText title;
  OptionalText type;
  OptionalText version;
  std::optional<bool> symbolicated_in_app;
  std::optional<double> sample_rate;
  List<ErrorException> exceptions;
  List<ErrorFrame> frames;  // of all exceptions
  List<ErrorThread> threads;
  List<ErrorModule> modules;
  List<ErrorTag> tags;

  // From `request` and `sdk`.
  OptionalText http_method;
  OptionalText http_referer;
  bool has_referer = false;
  OptionalText sdk_name;
  OptionalText sdk_version;
  List<JsonString> sdk_integrations;

  // From `user`.
  OptionalText user_email;
  OptionalText user_id;
  OptionalText user_name;
  std::optional<IpAddress> user_ip_address;
  std::optional<ErrorContext> geo;

  // From `contexts`.
  List<ErrorContext> containers;
  List<ErrorContextEntry> context_entries;
  List<ErrorTag> flags;
  std::optional<Uuid> replay_id;
  std::optional<Uuid> trace_id;
  std::optional<bool> trace_sampled;
  OptionalText span_id;
  OptionalText parent_span_id;
  OptionalText trace_client_sample_rate;
  OptionalText trace_op;
  OptionalText trace_status;

  // What complete_event() finds out.
  OptionalText environment;
  OptionalText level;
  OptionalText transaction;
  OptionalText release;
  OptionalText dist;
  OptionalText user;
  List<ErrorContextCell> contexts;
  List<ErrorThreadId> main_threads;
  std::optional<bool> main_thread;
  Uuid primary_hash_id;
  int64_t message_timestamp = 0;  // of the broker, seconds
};

struct ErrorReading : ReadContext {
  TextCoercions& texts;
  ErrorEvent& event;
};

// Reads the next value into `in.event`, which has its default values. Parses everything, including unknown fields
// (docs/snuba-data-sets.md, 2). False: the reader has the error.
bool read_error_event(ErrorReading& in);

// Sets what the row has beside the fields of the message, and sorts the lists into the order of the row.
void complete_event(ErrorReading& in, const SnubaEnvironment& environment, const Md5& md5);

}  // namespace freshet::processors

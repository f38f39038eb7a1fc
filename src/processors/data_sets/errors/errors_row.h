// Writes an event of the errors data set as its row.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "processors/data_sets/errors/errors_event.h"
#include "processors/formats/row_writer.h"
#include "processors/processors_settings.h"
#include "processors/values/ip_address.h"
#include "processors/values/md5.h"

namespace freshet::processors {

// The message's position in Kafka.
struct ErrorsOrigin {
  uint16_t partition = 0;
  uint64_t offset = 0;
  int64_t timestamp_s = 0;  // broker timestamp
};

// Threads: one; reuses scratch memory.
class ErrorsRow {
 public:
  ErrorsRow(const SnubaEnvironment& environment, TickForm ticks) : environment_(environment), row_(ticks) {}

  // Appends the row to `rows`. Reorders the event's lists into the order of the row.
  void write(ErrorEvent& event, const ErrorsOrigin& origin, std::string& rows);

 private:
  // Values of tags that also have their own columns.
  struct Promoted {
    OptionalText environment;
    OptionalText level;
    OptionalText transaction;
    OptionalText release;
    OptionalText dist;
    OptionalText user;
    std::optional<Uuid> replay_id;
  };
  // One element of the context columns; its key is `container.name`.
  struct ContextCell {
    JsonString container;
    JsonString name;
    JsonString value;
  };

  Promoted take_tags(ErrorEvent& event);
  void take_contexts(ErrorEvent& event);
  void take_trace(const ErrorEvent& event);
  std::optional<bool> main_thread(const ErrorEvent& event);
  Uuid primary_hash(const JsonString& text) const;

  void write_contexts();
  void write_frames(const ErrorEvent& event);
  void write_stacks(const ErrorEvent& event);
  void write_tags(const ErrorEvent& event);
  template <typename List, typename Get>
  void put_list(const Column& column, const List& list, Get get);
  template <typename T>
  void put_present(const Column& column, const std::optional<T>& value);

  const SnubaEnvironment environment_;
  Md5 md5_;
  RowWriter row_;
  std::vector<ContextCell> contexts_;
  std::vector<const ContextEntry*> sorted_entries_;
  std::vector<ThreadId> main_threads_;
  std::array<char, 32> trace_id_text_{};
};

}  // namespace freshet::processors

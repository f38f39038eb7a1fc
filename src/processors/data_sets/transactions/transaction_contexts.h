// The contexts of a transaction: values that have their own columns, and all others.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "processors/python/python_ids.h"
#include "processors/python/python_json.h"
#include "processors/python/python_pairs.h"

namespace freshet::processors {

// Reuses its memory. Values are valid as long as those of the message. Threads: one.
class TransactionContexts {
 public:
  // `contexts` must be an object. The user's `geo` (null: none) is appended as its last container unless it has one of
  // that name. Containers named in `left_out` (null: none) are ignored. `depth`: nesting depth of the whole message.
  // False: invalid; `error` (static text) says why.
  bool read(const PythonValue& contexts, const PythonValue* geo, const std::set<std::string>* left_out, uint32_t depth,
            const char*& error);

  // Values that have their own columns.
  const PythonValue* app_start_type = nullptr;
  std::optional<Uuid> profile_id;
  std::optional<Uuid> profiler_id;
  std::optional<Uuid> replay_id;
  // All other values.
  std::vector<PythonContext> entries;

 private:
  bool promote(const char*& error);
  void collect(const PythonMember& container);
  void collect_trace(const PythonMember& container);

  std::vector<PythonMember> containers_;
  std::vector<PythonMember> members_;
  std::string thread_text_;
  PythonString thread_{{}};
};

}  // namespace freshet::processors

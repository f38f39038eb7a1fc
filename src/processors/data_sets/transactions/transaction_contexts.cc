#include "processors/data_sets/transactions/transaction_contexts.h"

#include <algorithm>
#include <array>
#include <span>

#include "processors/python/python_text.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

using Names = std::span<const std::string_view>;

// Snuba fails to copy deeper contexts (docs/snuba-data-sets.md, 10).
constexpr uint32_t kMostDepth = 490;

constexpr std::array<std::string_view, 1> kType = {"type"};
constexpr std::array<std::string_view, 6> kOfTrace = {"type", "trace_id", "span_id", "hash", "exclusive_time", "data"};
constexpr std::array<std::string_view, 2> kOfApp = {"type", "start_type"};
constexpr std::array<std::string_view, 3> kOfProfile = {"type", "profile_id", "profiler_id"};
constexpr std::array<std::string_view, 2> kOfReplay = {"type", "replay_id"};

// Members of a container that are not context values or that have their own columns.
Names excluded_members(std::string_view container) {
  if (container == "trace") return kOfTrace;
  if (container == "app") return kOfApp;
  if (container == "profile") return kOfProfile;
  if (container == "replay") return kOfReplay;
  return kType;
}

bool contains(Names names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

const PythonString& geo_name() {
  static const PythonString name(JsonString{"geo", true});
  return name;
}

const PythonString& thread_name() {
  static const PythonString name(JsonString{"thread_id", true});
  return name;
}

const PythonValue* find(const std::vector<PythonMember>& members, std::string_view name) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const PythonMember& one) { return one.key->view() == name; });
  return found == members.end() ? nullptr : found->value;
}

// A UUID or nothing; false for any other value.
bool read_uuid(const PythonValue* value, std::optional<Uuid>& out) {
  out.reset();
  if (is_none(value)) return true;
  if (value->is_string()) out = parse_python_uuid(value->view());
  return out.has_value();
}

}  // namespace

bool TransactionContexts::read(const PythonValue& contexts, const PythonValue* geo,
                               const std::set<std::string>* left_out, uint32_t depth, const char*& error) {
  if (depth > kMostDepth && depth_of(contexts) > kMostDepth) {
    error = "contexts are nested too deeply";
    return false;
  }
  unique_members(contexts, containers_);
  if (geo != nullptr && geo->is_object() && find(containers_, "geo") == nullptr) {
    containers_.push_back({&geo_name(), geo});
  }
  if (left_out != nullptr) {
    std::erase_if(containers_,
                  [&](const PythonMember& one) { return left_out->contains(std::string(one.key->view())); });
  }
  if (!promote(error)) return false;
  entries.clear();
  for (const PythonMember& container : containers_) {
    if (container.value->is_object()) collect(container);
  }
  return true;
}

bool TransactionContexts::promote(const char*& error) {
  for (const char* name : {"app", "profile", "replay"}) {
    const PythonValue* const container = find(containers_, name);
    if (is_none(container) || container->is_object()) continue;
    error = "a context (app, profile or replay) is not an object";
    return false;
  }
  app_start_type = member(find(containers_, "app"), "start_type");
  const PythonValue* const profile = find(containers_, "profile");
  const bool good = read_uuid(member(profile, "profile_id"), profile_id) &&
                    read_uuid(member(profile, "profiler_id"), profiler_id) &&
                    read_uuid(member(find(containers_, "replay"), "replay_id"), replay_id);
  if (!good) error = "an id in the context profile or replay is not a UUID";
  return good;
}

void TransactionContexts::collect(const PythonMember& container) {
  unique_members(*container.value, members_);
  if (container.key->view() == "trace") collect_trace(container);
  const Names left_out = excluded_members(container.key->view());
  for (const PythonMember& one : members_) {
    if (!is_context_value(*one.value) || contains(left_out, one.key->view())) continue;
    entries.push_back({container.key, one.key, one.value});
  }
}

// The thread in the trace's data becomes a member of the trace.
void TransactionContexts::collect_trace(const PythonMember& container) {
  const PythonValue* const thread = member(member(container.value, "data"), "thread.id");
  if (thread == nullptr) return;
  thread_text_.clear();
  append_display_text(*thread, thread_text_);
  thread_ = PythonString(JsonString{thread_text_, false});
  const auto known = std::find_if(members_.begin(), members_.end(),
                                  [](const PythonMember& one) { return one.key->view() == "thread_id"; });
  if (known == members_.end()) {
    members_.push_back({&thread_name(), &thread_});
  } else {
    known->value = &thread_;
  }
}

}  // namespace freshet::processors

// What the row of an event has beside the fields of its message: values of tags and contexts, and their order.
#include <algorithm>
#include <array>

#include "processors/data_sets/errors/errors_event.h"
#include "processors/values/sort_last_wins.h"

namespace freshet::processors {
namespace {

// Tags that also have their own columns.
struct PromotedTag {
  std::string_view name;
  OptionalText ErrorEvent::*column;
};
constexpr std::array kPromotedTags = {
    PromotedTag{"environment", &ErrorEvent::environment}, PromotedTag{"level", &ErrorEvent::level},
    PromotedTag{"transaction", &ErrorEvent::transaction}, PromotedTag{"sentry:release", &ErrorEvent::release},
    PromotedTag{"sentry:dist", &ErrorEvent::dist},        PromotedTag{"sentry:user", &ErrorEvent::user}};

void take_tags(ErrorEvent& event) {
  std::sort(event.tags.begin(), event.tags.end(), [](const ErrorTag& a, const ErrorTag& b) {
    const int order = a.name.view.compare(b.name.view);
    return order != 0 ? order < 0 : a.value.view < b.value.view;
  });
  std::optional<Uuid> replay_id;
  for (const ErrorTag& tag : event.tags) {
    for (const PromotedTag& promoted : kPromotedTags) {
      if (tag.name.view == promoted.name) event.*promoted.column = tag.value;
    }
    if (tag.name.view == "replayId") replay_id = Uuid::parse(tag.value.view);
  }
  if (!event.replay_id) event.replay_id = replay_id;
}

void take_trace(ErrorReading& in) {
  ErrorEvent& event = in.event;
  const auto add = [&event](std::string_view name, const OptionalText& value) {
    if (value) event.contexts.add() = {{{"trace", true}, {name, true}}, *value};
  };
  add("client_sample_rate", event.trace_client_sample_rate);
  add("op", event.trace_op);
  add("span_id", event.span_id);
  add("status", event.trace_status);
  if (event.trace_id) {
    constexpr size_t kSize = 32;
    char* const text = in.json.scratch(kSize);
    event.trace_id->write_simple(text);
    add("trace_id", JsonString{{text, kSize}, true});
  }
  add("parent_span_id", event.parent_span_id);
}

void take_contexts(ErrorEvent& event) {
  // Appended after the contexts, so that it replaces a context of the same name.
  if (event.geo) event.containers.add() = *event.geo;
  const auto containers = sort_last_wins(event.containers.begin(), event.containers.end(),
                                         [](const ErrorContext& container) { return container.name.view; });
  for (auto container = event.containers.begin(); container != containers; ++container) {
    const auto all = event.context_entries.begin();
    const auto begin = all + static_cast<std::ptrdiff_t>(container->begin);
    const auto end = sort_last_wins(begin, all + static_cast<std::ptrdiff_t>(container->end),
                                    [](const ErrorContextEntry& entry) { return entry.name.view; });
    for (auto entry = begin; entry != end; ++entry) {
      if (!entry->value || entry->name.view == "type") continue;
      event.contexts.add() = {{container->name, entry->name}, *entry->value};
    }
  }
}

// True if one of the exceptions belongs to a main thread; none if no thread has that information.
std::optional<bool> main_thread(ErrorEvent& event) {
  List<ErrorThreadId>& main = event.main_threads;
  bool threads_tell = false;
  for (const ErrorThread& thread : event.threads) {
    if (!thread.id || !thread.main) continue;
    threads_tell = true;
    if (*thread.main) main.add() = *thread.id;
  }
  if (!threads_tell) return std::nullopt;
  std::sort(main.begin(), main.end());
  std::optional<bool> is_main;
  for (const ErrorException& exception : event.exceptions) {
    if (!exception.thread_id) continue;
    is_main = std::binary_search(main.begin(), main.end(), *exception.thread_id);
    if (*is_main) break;
  }
  return is_main;
}

Uuid id_of_hash(const JsonString& text, const Md5& md5) {
  const auto uuid = Uuid::parse(text.view);
  return uuid ? *uuid : Uuid{md5.digest(text.view)};
}

}  // namespace

void complete_event(ErrorReading& in, const SnubaEnvironment& environment, const Md5& md5) {
  ErrorEvent& event = in.event;
  if (environment.project_stacktrace_blacklist.contains(event.project_id)) {
    event.exceptions.clear();
    event.frames.clear();
  }
  take_tags(event);
  take_contexts(event);
  take_trace(in);
  const auto modules = sort_last_wins(event.modules.begin(), event.modules.end(),
                                      [](const ErrorModule& module) { return module.name.view; });
  event.modules.truncate(static_cast<size_t>(modules - event.modules.begin()));
  event.main_thread = main_thread(event);
  event.primary_hash_id = id_of_hash(event.primary_hash, md5);
}

}  // namespace freshet::processors

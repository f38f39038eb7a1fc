#include "processors/data_sets/errors/errors_row.h"

#include <algorithm>
#include <charconv>

#include "processors/values/conversions.h"
#include "processors/values/sort_last_wins.h"

namespace freshet::processors {
namespace {

constexpr Column kContextsKey("contexts.key");
constexpr Column kContextsValue("contexts.value");
constexpr Column kCulprit("culprit");
constexpr Column kDeleted("deleted");
constexpr Column kDist("dist");
constexpr Column kEnvironment("environment");
constexpr Column kEventId("event_id");
constexpr Column kFramesAbsPath("exception_frames.abs_path");
constexpr Column kFramesColno("exception_frames.colno");
constexpr Column kFramesFilename("exception_frames.filename");
constexpr Column kFramesFunction("exception_frames.function");
constexpr Column kFramesInApp("exception_frames.in_app");
constexpr Column kFramesLineno("exception_frames.lineno");
constexpr Column kFramesModule("exception_frames.module");
constexpr Column kFramesPackage("exception_frames.package");
constexpr Column kFramesStackLevel("exception_frames.stack_level");
constexpr Column kMainThread("exception_main_thread");
constexpr Column kStacksHandled("exception_stacks.mechanism_handled");
constexpr Column kStacksMechanism("exception_stacks.mechanism_type");
constexpr Column kStacksType("exception_stacks.type");
constexpr Column kStacksValue("exception_stacks.value");
constexpr Column kGroupId("group_id");
constexpr Column kGroupFirstSeen("group_first_seen");
constexpr Column kHttpMethod("http_method");
constexpr Column kHttpReferer("http_referer");
constexpr Column kIpV4("ip_address_v4");
constexpr Column kIpV6("ip_address_v6");
constexpr Column kLevel("level");
constexpr Column kLocation("location");
constexpr Column kMessageTimestamp("message_timestamp");
constexpr Column kMessage("message");
constexpr Column kModulesName("modules.name");
constexpr Column kModulesVersion("modules.version");
constexpr Column kNumProcessingErrors("num_processing_errors");
constexpr Column kOffset("offset");
constexpr Column kPartition("partition");
constexpr Column kPlatform("platform");
constexpr Column kPrimaryHash("primary_hash");
constexpr Column kProjectId("project_id");
constexpr Column kReceived("received");
constexpr Column kRelease("release");
constexpr Column kReplayId("replay_id");
constexpr Column kRetentionDays("retention_days");
constexpr Column kSdkIntegrations("sdk_integrations");
constexpr Column kSdkName("sdk_name");
constexpr Column kSdkVersion("sdk_version");
constexpr Column kSpanId("span_id");
constexpr Column kTagsKey("tags.key");
constexpr Column kTagsValue("tags.value");
constexpr Column kFlagsKey("flags.key");
constexpr Column kFlagsValue("flags.value");
constexpr Column kTimestamp("timestamp");
constexpr Column kTimestampMs("timestamp_ms");
constexpr Column kTitle("title");
constexpr Column kTraceId("trace_id");
constexpr Column kTraceSampled("trace_sampled");
constexpr Column kTransactionName("transaction_name");
constexpr Column kType("type");
constexpr Column kUserEmail("user_email");
constexpr Column kUserId("user_id");
constexpr Column kUserName("user_name");
constexpr Column kUser("user");
constexpr Column kVersion("version");
constexpr Column kSymbolicatedInApp("symbolicated_in_app");
constexpr Column kSampleWeight("sample_weight");

constexpr JsonString kEmpty{"", true};

JsonString or_empty(const OptionalText& text) { return text.value_or(kEmpty); }

uint32_t seconds_of(uint64_t milliseconds) { return static_cast<uint32_t>(milliseconds / 1000); }

// A hexadecimal number of at most 64 bits with an optional plus.
std::optional<uint64_t> parse_span_id(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> sample_weight(std::optional<double> rate) {
  if (!rate || *rate == 0) return std::nullopt;
  return 1.0 / *rate;
}

}  // namespace

// --- intermediate values --------------------------------------------------------------------------------------------

ErrorsRow::Promoted ErrorsRow::take_tags(ErrorEvent& event) {
  std::sort(event.tags.begin(), event.tags.end(), [](const TextPair& a, const TextPair& b) {
    const int order = a.name.view.compare(b.name.view);
    return order != 0 ? order < 0 : a.value.view < b.value.view;
  });
  Promoted out;
  for (const TextPair& tag : event.tags) {
    const std::string_view name = tag.name.view;
    if (name == "environment") {
      out.environment = tag.value;
    } else if (name == "level") {
      out.level = tag.value;
    } else if (name == "transaction") {
      out.transaction = tag.value;
    } else if (name == "sentry:release") {
      out.release = tag.value;
    } else if (name == "sentry:dist") {
      out.dist = tag.value;
    } else if (name == "sentry:user") {
      out.user = tag.value;
    } else if (name == "replayId") {
      out.replay_id = Uuid::parse(tag.value.view);
    }
  }
  return out;
}

void ErrorsRow::take_contexts(ErrorEvent& event) {
  contexts_.clear();
  // Appended after the contexts, so that it replaces a context of the same name.
  if (event.geo) event.containers.push_back(*event.geo);
  sort_last_wins(event.containers, [](const ContextContainer& container) { return container.name.view; });
  for (const ContextContainer& container : event.containers) {
    sorted_entries_.clear();
    for (size_t i = container.begin; i < container.end; ++i) sorted_entries_.push_back(&event.context_entries[i]);
    sort_last_wins(sorted_entries_, [](const ContextEntry* entry) { return entry->key.view; });
    for (const ContextEntry* entry : sorted_entries_) {
      if (entry->value && entry->key.view != "type") contexts_.push_back({container.name, entry->key, *entry->value});
    }
  }
  take_trace(event);
}

void ErrorsRow::take_trace(const ErrorEvent& event) {
  const auto add = [this](std::string_view name, const OptionalText& value) {
    if (value) contexts_.push_back({{"trace", true}, {name, true}, *value});
  };
  OptionalText trace_id;
  if (event.trace_id) {
    event.trace_id->write_simple(trace_id_text_.data());
    trace_id = JsonString{{trace_id_text_.data(), trace_id_text_.size()}, true};
  }
  add("client_sample_rate", event.trace_client_sample_rate);
  add("op", event.trace_op);
  add("span_id", event.span_id);
  add("status", event.trace_status);
  add("trace_id", trace_id);
  add("parent_span_id", event.parent_span_id);
}

// True if one of the exceptions belongs to a main thread; none if no thread has that information.
std::optional<bool> ErrorsRow::main_thread(const ErrorEvent& event) {
  main_threads_.clear();
  bool threads_tell = false;
  for (const ErrorThread& thread : event.threads) {
    if (!thread.id || !thread.main) continue;
    threads_tell = true;
    if (*thread.main) main_threads_.push_back(*thread.id);
  }
  if (!threads_tell) return std::nullopt;
  std::sort(main_threads_.begin(), main_threads_.end());
  std::optional<bool> is_main;
  for (const ErrorException& exception : event.exceptions) {
    if (!exception.thread_id) continue;
    is_main = std::binary_search(main_threads_.begin(), main_threads_.end(), *exception.thread_id);
    if (*is_main) break;
  }
  return is_main;
}

Uuid ErrorsRow::primary_hash(const JsonString& text) const {
  const auto uuid = Uuid::parse(text.view);
  return uuid ? *uuid : Uuid{md5_.digest(text.view)};
}

// --- the row --------------------------------------------------------------------------------------------------------

template <typename List, typename Get>
void ErrorsRow::put_list(const Column& column, const List& list, Get get) {
  row_.key(column);
  row_.begin_array();
  for (const auto& element : list) row_.value(get(element));
  row_.end_array();
}

template <typename T>
void ErrorsRow::put_present(const Column& column, const std::optional<T>& value) {
  if (value) row_.put(column, *value);
}

void ErrorsRow::write(ErrorEvent& event, const ErrorsOrigin& origin, std::string& rows) {
  if (environment_.project_stacktrace_blacklist.contains(event.project_id)) {
    event.exceptions.clear();
    event.frames.clear();
  }
  const Promoted promoted = take_tags(event);
  take_contexts(event);
  sort_last_wins(event.modules, [](const auto& module) { return module.first.view; });
  const auto ip = event.user_ip_address ? IpAddress::parse(event.user_ip_address->view) : std::nullopt;
  const auto replay_id = event.replay_id ? event.replay_id : promoted.replay_id;

  row_.clear();
  row_.begin_row();
  write_contexts();
  row_.put(kCulprit, or_empty(event.culprit));
  row_.put(kDeleted, 0);
  row_.put(kDist, promoted.dist);
  row_.put(kEnvironment, promoted.environment);
  row_.put(kEventId, event.event_id);
  write_frames(event);
  put_present(kMainThread, main_thread(event));
  write_stacks(event);
  row_.put(kGroupId, event.group_id);
  row_.put(kGroupFirstSeen, seconds_of(event.group_first_seen_ms));
  row_.put(kHttpMethod, event.http_method);
  row_.put(kHttpReferer, event.http_referer);
  if (ip) row_.put(ip->v6 ? kIpV6 : kIpV4, *ip);
  row_.put(kLevel, promoted.level);
  row_.put(kLocation, event.location);
  row_.put(kMessageTimestamp, origin.timestamp_s);
  row_.put(kMessage, event.message);
  put_list(kModulesName, event.modules, [](const auto& module) { return module.first; });
  put_list(kModulesVersion, event.modules, [](const auto& module) { return or_empty(module.second); });
  row_.put(kNumProcessingErrors, event.processing_errors);
  row_.put(kOffset, origin.offset);
  row_.put(kPartition, origin.partition);
  row_.put(kPlatform, event.platform);
  row_.put(kPrimaryHash, primary_hash(event.primary_hash));
  row_.put(kProjectId, event.project_id);
  row_.put(kReceived, to_u32(event.received.value_or(0)));
  row_.put(kRelease, promoted.release);
  put_present(kReplayId, replay_id);
  row_.put(kRetentionDays, clamp_retention(event.retention_days, environment_));
  put_list(kSdkIntegrations, event.sdk_integrations, [](const JsonString& text) { return text; });
  row_.put(kSdkName, or_empty(event.sdk_name));
  row_.put(kSdkVersion, or_empty(event.sdk_version));
  if (event.span_id) put_present(kSpanId, parse_span_id(event.span_id->view));
  write_tags(event);
  row_.put(kTimestamp, seconds_of(event.datetime_ms));
  row_.put_wrapped_ticks(kTimestampMs, event.datetime_ms, 3);
  row_.put(kTitle, or_empty(event.title));
  put_present(kTraceId, event.trace_id);
  if (event.trace_sampled) row_.put(kTraceSampled, uint8_t{*event.trace_sampled});
  row_.put(kTransactionName, or_empty(promoted.transaction));
  row_.put(kType, or_empty(event.type));
  row_.put(kUserEmail, event.user_email);
  row_.put(kUserId, event.user_id);
  row_.put(kUserName, event.user_name);
  row_.put(kUser, or_empty(promoted.user));
  row_.put(kVersion, event.version);
  put_present(kSymbolicatedInApp, event.symbolicated_in_app);
  row_.put(kSampleWeight, sample_weight(event.sample_rate));
  row_.end_row();
  row_.move_to(rows);
}

void ErrorsRow::write_contexts() {
  row_.key(kContextsKey);
  row_.begin_array();
  for (const ContextCell& cell : contexts_) {
    row_.begin_string();
    row_.string_part(cell.container);
    row_.string_part(JsonString{".", true});
    row_.string_part(cell.name);
    row_.end_string();
  }
  row_.end_array();
  put_list(kContextsValue, contexts_, [](const ContextCell& cell) { return cell.value; });
}

void ErrorsRow::write_frames(const ErrorEvent& event) {
  const auto put = [&](const Column& column, auto member) {
    put_list(column, event.frames, [member](const ErrorFrame& frame) { return frame.*member; });
  };
  put(kFramesAbsPath, &ErrorFrame::abs_path);
  put(kFramesColno, &ErrorFrame::colno);
  put(kFramesFilename, &ErrorFrame::filename);
  put(kFramesFunction, &ErrorFrame::function);
  put(kFramesInApp, &ErrorFrame::in_app);
  put(kFramesLineno, &ErrorFrame::lineno);
  put(kFramesModule, &ErrorFrame::module);
  put(kFramesPackage, &ErrorFrame::package);
  put(kFramesStackLevel, &ErrorFrame::stack_level);
}

void ErrorsRow::write_stacks(const ErrorEvent& event) {
  const auto put = [&](const Column& column, auto member) {
    put_list(column, event.exceptions, [member](const ErrorException& exception) { return exception.*member; });
  };
  put(kStacksHandled, &ErrorException::mechanism_handled);
  put(kStacksMechanism, &ErrorException::mechanism_type);
  put(kStacksType, &ErrorException::type);
  put(kStacksValue, &ErrorException::value);
}

void ErrorsRow::write_tags(const ErrorEvent& event) {
  put_list(kTagsKey, event.tags, [](const TextPair& tag) { return tag.name; });
  put_list(kTagsValue, event.tags, [](const TextPair& tag) { return tag.value; });
  put_list(kFlagsKey, event.flags, [](const TextPair& flag) { return flag.name; });
  put_list(kFlagsValue, event.flags, [](const TextPair& flag) { return flag.value; });
}

}  // namespace freshet::processors

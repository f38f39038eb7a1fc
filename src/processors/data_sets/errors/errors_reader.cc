#include "processors/data_sets/errors/errors_reader.h"

#include "processors/data_sets/errors/errors_fields.h"
#include "processors/json/read_lists.h"
#include "processors/json/struct_reader.h"
#include "processors/values/date_time.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

using namespace errors_fields;

// Reads a struct with one list. Calls `element` for each element that is not null.
template <typename Element>
bool read_listing(JsonReader& json, const Fields<1>& fields, Element element) {
  if (json.consume_null()) return true;
  StructReader reader(json, fields, Unknown::Check);
  while (reader.next() >= 0) {
    if (!read_optional_list(json, [&] { return json.consume_null() || element(); })) return false;
  }
  return reader.complete();
}

}  // namespace

void ErrorEvent::clear() {
  ErrorEvent empty;
  const auto keep = [](auto& emptied, auto& used) {
    used.clear();
    emptied.swap(used);
  };
  keep(empty.exceptions, exceptions);
  keep(empty.frames, frames);
  keep(empty.threads, threads);
  keep(empty.modules, modules);
  keep(empty.tags, tags);
  keep(empty.sdk_integrations, sdk_integrations);
  keep(empty.containers, containers);
  keep(empty.context_entries, context_entries);
  keep(empty.flags, flags);
  *this = std::move(empty);
}

bool ErrorsReader::read(ErrorEvent& event) {
  event.clear();
  event_ = &event;
  StructReader fields(json_, kBody, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    if (!body_field(field)) return false;
  }
  return fields.complete();
}

bool ErrorsReader::body_field(int field) {
  switch (field) {
    case kData:
      return data();
    case kDatetime:
      return datetime(event_->datetime_ms);
    case kEventId:
      return read_value(json_, event_->event_id);
    case kGroupId:
      return json_.read_u64(event_->group_id);
    case kGroupFirstSeen:
      return datetime(event_->group_first_seen_ms);
    case kMessage:
      return json_.read_string(event_->message);
    case kPrimaryHash:
      return json_.read_string(event_->primary_hash);
    case kProjectId:
      return json_.read_u64(event_->project_id);
    case kRetentionDays:
      return read_optional(json_, event_->retention_days);
    case kPlatform:
      return read_optional(json_, event_->platform);
    default:
      return false;
  }
}

bool ErrorsReader::data() {
  StructReader fields(json_, kDataFields, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    if (!data_field(field)) return false;
  }
  return fields.complete();
}

bool ErrorsReader::data_field(int field) {
  ErrorEvent& event = *event_;
  switch (field) {
    case kContexts:
      return contexts();
    case kCulprit:
      return texts_.read_any(event.culprit);
    case kErrors:
      return read_optional_list(json_, [&] { return ++event.processing_errors, json_.check(); });
    case kException:
      return read_listing(json_, kValues, [this] { return exception_value(); });
    case kLocation:
      return read_optional(json_, event.location);
    case kModules:
      return modules();
    case kReceived:
      return read_optional_to_truncate(json_, event.received);
    case kRequest:
      return request();
    case kSdk:
      return sdk();
    case kTags:
      return read_optional_list(json_, [this] { return tag(); });
    case kThreads:
      return read_listing(json_, kValues, [this] { return thread(); });
    case kTitle:
      return texts_.read_any(event.title);
    case kType:
      return texts_.read_any(event.type);
    case kUser:
      return user();
    case kVersion:
      return read_optional(json_, event.version);
    case kSymbolicatedInApp:
      return read_optional(json_, event.symbolicated_in_app);
    case kSampleRate:
      return read_optional(json_, event.sample_rate);
    default:
      return false;
  }
}

// --- contexts -------------------------------------------------------------------------------------------------------

bool ErrorsReader::contexts() {
  if (json_.consume_null()) return true;
  StructReader fields(json_, kContextFields, Unknown::Tell, true);
  for (int field; (field = fields.next()) >= 0;) {
    bool read = false;
    switch (field) {
      case kFlags:
        read = read_listing(json_, kValues, [this] { return flag(); });
        break;
      case kReplay:
        read = replay();
        break;
      case kTrace:
        read = trace();
        break;
      default:
        read = container(fields.key());
    }
    if (!read) return false;
  }
  return fields.complete();
}

bool ErrorsReader::container(const JsonString& name) {
  ContextContainer container{name};
  if (!entries(container.begin, container.end)) return false;
  event_->containers.push_back(container);
  return true;
}

bool ErrorsReader::entries(size_t& begin, size_t& end) {
  std::vector<ContextEntry>& all = event_->context_entries;
  begin = end = all.size();
  if (json_.consume_null()) return true;
  JsonString key;
  for (json_.enter_object(); json_.next_key(key);) {
    ContextEntry& entry = all.emplace_back();
    entry.key = key;
    if (!texts_.read_context(entry.value)) return false;
  }
  end = all.size();
  return !json_.failed();
}

bool ErrorsReader::flag() {
  OptionalText flag;
  OptionalText result;
  StructReader fields(json_, kFlagFields, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    if (!texts_.read_any(field == kFlag ? flag : result)) return false;
  }
  if (flag && result) event_->flags.push_back({*flag, *result});
  return fields.complete();
}

bool ErrorsReader::replay() {
  if (json_.consume_null()) return true;
  StructReader fields(json_, kReplayFields, Unknown::Check);
  while (fields.next() >= 0) {
    if (!read_optional(json_, event_->replay_id)) return false;
  }
  return fields.complete();
}

bool ErrorsReader::trace() {
  if (json_.consume_null()) return true;
  StructReader fields(json_, kTraceFields, Unknown::Tell, true);
  for (int field; (field = fields.next()) >= 0;) {
    if (!trace_field(field, fields.key())) return false;
  }
  return fields.complete();
}

bool ErrorsReader::trace_field(int field, const JsonString& key) {
  switch (field) {
    case kSampled:
      return read_optional(json_, event_->trace_sampled);
    case kSpanId:
      return read_optional(json_, event_->span_id);
    case kTraceId:
      return read_optional(json_, event_->trace_id);
    case kParentSpanId:
      return read_optional(json_, event_->parent_span_id);
    default:
      break;
  }
  if (key.view == "client_sample_rate") return texts_.read_context(event_->trace_client_sample_rate);
  if (key.view == "op") return texts_.read_context(event_->trace_op);
  if (key.view == "status") return texts_.read_context(event_->trace_status);
  return json_.check();
}

// --- exceptions and threads -----------------------------------------------------------------------------------------

bool ErrorsReader::exception_value() {
  ErrorException exception;
  StructReader fields(json_, kExceptionFields, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    bool read = false;
    switch (field) {
      case kStacktrace:
        read = read_listing(json_, kFrames, [this] { return frame(); });
        break;
      case kMechanism:
        read = mechanism(exception);
        break;
      case kExceptionType:
        read = texts_.read_any(exception.type);
        break;
      case kExceptionValue:
        read = texts_.read_any(exception.value);
        break;
      case kThreadId:
        read = thread_id(exception.thread_id);
        break;
      default:
        break;
    }
    if (!read) return false;
  }
  event_->exceptions.push_back(exception);
  return fields.complete();
}

bool ErrorsReader::mechanism(ErrorException& exception) {
  if (json_.consume_null()) return true;
  StructReader fields(json_, kMechanismFields, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    const bool read = field == kMechanismType ? texts_.read_any(exception.mechanism_type)
                                              : texts_.read_handled(exception.mechanism_handled);
    if (!read) return false;
  }
  return fields.complete();
}

bool ErrorsReader::frame() {
  ErrorFrame& frame = event_->frames.emplace_back();
  frame.stack_level = static_cast<uint16_t>(event_->exceptions.size());
  StructReader fields(json_, kFrameFields, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    if (!frame_field(field, frame)) return false;
  }
  return fields.complete();
}

bool ErrorsReader::frame_field(int field, ErrorFrame& frame) {
  switch (field) {
    case kAbsPath:
      return texts_.read_any(frame.abs_path);
    case kFilename:
      return texts_.read_any(frame.filename);
    case kPackage:
      return texts_.read_any(frame.package);
    case kModule:
      return texts_.read_any(frame.module);
    case kFunction:
      return texts_.read_any(frame.function);
    case kInApp:
      return read_optional(json_, frame.in_app);
    case kColno:
      return read_optional(json_, frame.colno);
    case kLineno:
      return tolerant_u32(frame.lineno);
    default:
      return false;
  }
}

// None if it is not a u32.
bool ErrorsReader::tolerant_u32(std::optional<uint32_t>& out) {
  if (json_.peek() != JsonKind::Number) return json_.check();
  JsonNumber number;
  if (!json_.read_number(number)) return false;
  if (number.kind == JsonNumber::Kind::Unsigned && number.unsigned_value <= UINT32_MAX) {
    out = static_cast<uint32_t>(number.unsigned_value);
  }
  return true;
}

bool ErrorsReader::thread() {
  ErrorThread& thread = event_->threads.emplace_back();
  StructReader fields(json_, kThreadFields, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    if (!(field == kId ? thread_id(thread.id) : read_optional(json_, thread.main))) return false;
  }
  return fields.complete();
}

bool ErrorsReader::thread_id(std::optional<ThreadId>& out) {
  if (json_.consume_null()) return true;
  ThreadId& id = out.emplace();
  id.is_text = json_.peek() == JsonKind::String;
  return id.is_text ? json_.read_string(id.text) : json_.read_u64(id.number);
}

// --- the rest of data -----------------------------------------------------------------------------------------------

bool ErrorsReader::tag() {
  if (json_.consume_null()) return true;
  OptionalText key;
  OptionalText value;
  const bool read = read_pair(
      json_, [&] { return texts_.read_any(key); }, [&] { return texts_.read_any(value); });
  if (key && value) event_->tags.push_back({*key, *value});
  return read;
}

bool ErrorsReader::modules() {
  if (json_.consume_null()) return true;
  JsonString name;
  for (json_.enter_object(); json_.next_key(name);) {
    auto& [module, version] = event_->modules.emplace_back();
    module = name;
    if (!read_optional(json_, version)) return false;
  }
  return !json_.failed();
}

bool ErrorsReader::request() {
  if (json_.consume_null()) return true;
  bool found = false;
  StructReader fields(json_, kRequestFields, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    const bool read = field == kMethod ? texts_.read_any(event_->http_method)
                                       : read_optional_list(json_, [&] { return header(found); });
    if (!read) return false;
  }
  return fields.complete();
}

// Only the first Referer counts, whatever its value is.
bool ErrorsReader::header(bool& found) {
  if (json_.consume_null()) return true;
  JsonString name;
  OptionalText value;
  const bool read = read_pair(
      json_, [&] { return json_.read_string(name); }, [&] { return texts_.read_any(value); });
  if (!found && (name.view == "Referer" || name.view == "Referrer")) {
    found = true;
    event_->http_referer = value;
  }
  return read;
}

bool ErrorsReader::sdk() {
  if (json_.consume_null()) return true;
  StructReader fields(json_, kSdkFields, Unknown::Check);
  OptionalText text;
  const auto integration = [&] {
    if (!texts_.read_any(text)) return false;
    if (text) event_->sdk_integrations.push_back(*text);
    return true;
  };
  for (int field; (field = fields.next()) >= 0;) {
    const bool read = field == kIntegrations
                          ? read_optional_list(json_, integration)
                          : texts_.read_any(field == kSdkName ? event_->sdk_name : event_->sdk_version);
    if (!read) return false;
  }
  return fields.complete();
}

bool ErrorsReader::user() {
  if (json_.consume_null()) return true;
  StructReader fields(json_, kUserFields, Unknown::Check);
  for (int field; (field = fields.next()) >= 0;) {
    if (!user_field(field)) return false;
  }
  return fields.complete();
}

bool ErrorsReader::user_field(int field) {
  switch (field) {
    case kEmail:
      return texts_.read_any(event_->user_email);
    case kUserId:
      return texts_.read_any(event_->user_id);
    case kIpAddress:
      return read_optional(json_, event_->user_ip_address);
    case kUsername:
      return texts_.read_any(event_->user_name);
    case kGeo: {
      ContextContainer geo{{"geo", true}};
      if (!entries(geo.begin, geo.end)) return false;
      if (geo.begin != geo.end) event_->geo = geo;
      return true;
    }
    default:
      return false;
  }
}

// Text that is not a time means the current time.
bool ErrorsReader::datetime(uint64_t& out) {
  JsonString text;
  if (!json_.read_string(text)) return false;
  const auto instant = parse_date_time(text.view);
  const int64_t milliseconds = instant ? instant->floor_milliseconds() : values_.now_ms();
  out = static_cast<uint64_t>(milliseconds);
  return true;
}

}  // namespace freshet::processors

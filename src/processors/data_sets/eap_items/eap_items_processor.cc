#include "processors/data_sets/eap_items/eap_items_processor.h"

#include <algorithm>
#include <cstring>

#include "processors/data_sets/eap_items/eap_row_writers.h"
#include "processors/processors_metrics.h"
#include "processors/protobuf/protobuf_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

constexpr std::string_view kIngestedAt = "sentry._internal.ingested_at";
constexpr std::string_view kReceivedAt = "sentry._internal.received_at";
constexpr size_t kItemIdSize = 16;

std::mt19937_64 seeded() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

}  // namespace

EapItemsProcessor::EapItemsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
    : settings_(settings),
      environment_(environment),
      june_(settings.june),
      values_(environment),
      far_times_(settings.june, environment, values_, eap_items_out_of_range),
      random_(seeded()),
      decoder_(settings.june),
      json_(tick_form(settings)) {
  if (settings.row_binary) {
    layout_ = {RowFormat::RowBinary, eap_row_binary_columns(june_, false)};
    with_received_at_ = {RowFormat::RowBinary, eap_row_binary_columns(june_, true)};
  }
  read_clock_and_options();
}

void EapItemsProcessor::begin_chunk(const MessageContext&, std::span<const Message>) { read_clock_and_options(); }

void EapItemsProcessor::read_clock_and_options() {
  if (environment_.options != nullptr) options_ = environment_.options->get()->processors;
  received_at_ = options_.eap_emit_received_at && !june_;
  values_.begin_chunk();
  far_times_.begin_chunk();
}

ProcessResult EapItemsProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  ProtobufReader reader(*message.payload);
  if (!decoder_.decode(reader, item_)) return ProcessResult::invalid("invalid_message", reader.error_text());
  const auto received = in_calendar(item_.received);
  OffTime off;
  if (const auto event = in_calendar(item_.timestamp)) off = check_time(*event);
  if (off.reason != nullptr) {
    ProcessResult result = ProcessResult::invalid(off.reason, "the item's time is outside the current week");
    result.suppressed = true;
    return result;
  }
  if (const char* wrong = make_row(message, received)) return ProcessResult::invalid("invalid_message", wrong);
  if (off.far) return ProcessResult::skip("invalid_timestamp");
  if (layout_.format == RowFormat::RowBinary) {
    binary_.clear();
    write_eap_row_binary(row_, columns_, june_, json_, binary_);
    rows.append(binary_.bytes());
  } else {
    json_.clear();
    write_eap_json(row_, columns_, june_, json_);
    json_.move_to(rows);
  }
  ProcessResult result = ProcessResult::rows(1);
  if (received) result.origin_timestamp_ms = origin_from_seconds(*received);
  const EapItemType& type = kEapItemTypes[eap_item_type(item_.item_type)];
  result.usage_label = type.cogs_feature;
  result.type_label = type.name;
  return result;
}

EapItemsProcessor::OffTime EapItemsProcessor::check_time(int64_t event_seconds) {
  OffTime off;
  off.far = far_times_.refuses(event_seconds, item_.item_type);
  if (off.far || settings_.storage.empty() || !values_.has_time()) return off;
  const WeekCheck week = check_week(event_seconds, values_.chunk_time_ms(), options_.eap_dlq_grace_period_min);
  if (week == WeekCheck::Accepted || (june_ && week == WeekCheck::Future)) return off;
  off.reason = week == WeekCheck::Future ? "future_ts" : "past_ts";
  count_prior_partition(week);
  return off;
}

void EapItemsProcessor::count_prior_partition(WeekCheck week) {
  const size_t type = eap_item_type(item_.item_type);
  const bool future = week == WeekCheck::Future;
  Counter*& counter = prior_partition_[2 * type + (future ? 1 : 0)];
  if (counter == nullptr) {
    counter =
        &eap_items_prior_partition(*environment_.metrics, kEapItemTypes[type].name, future ? "future_ts" : "past_ts");
  }
  counter->add();
}

// Returns null, or the reason why the item is invalid.
const char* EapItemsProcessor::make_row(const Message& message, std::optional<int64_t> received) {
  if (!item_.timestamp) return "the item has no timestamp";
  const auto trace_id = Uuid::parse(item_.trace_id);
  if (!trace_id) return "trace_id is not a UUID";
  if (item_.item_id.size() < kItemIdSize) return "item_id is shorter than 16 bytes";
  if (received_at_ && message.timestamp_ms < 0) return "the message has no timestamp";
  row_.organization_id = item_.organization_id;
  row_.project_id = item_.project_id;
  row_.item_type = static_cast<uint8_t>(item_.item_type);
  row_.timestamp = static_cast<uint32_t>(*item_.timestamp);
  row_.trace_id = *trace_id;
  if (!june_) {
    const auto session_id = Uuid::parse(item_.session_id.view);
    row_.session_id = session_id && *session_id != Uuid{} ? *session_id : values_.id([this] { return random_uuid(); });
  }
  row_.conversation_id = item_.conversation_id;
  row_.item_id = item_.item_id.substr(0, kItemIdSize);
  row_.indexed_name = indexed_name();
  row_.sampling = sampling_of(item_.client_sample_rate, item_.server_sample_rate);
  row_.retention_days = clamp_retention(static_cast<uint16_t>(item_.retention_days), settings_.environment);
  row_.downsampled_retention_days = item_.downsampled_retention_days == 0
                                        ? row_.retention_days
                                        : static_cast<uint16_t>(item_.downsampled_retention_days);
  row_.received_at.reset();
  if (received_at_) row_.received_at = static_cast<uint64_t>(message.timestamp_ms);
  add_internal_attribute(kIngestedAt, values_.chunk_time_ms());
  if (received) add_internal_attribute(kReceivedAt, *received);
  columns_.place(item_.attributes, item_.elements);
  return nullptr;
}

// Replaces the producer's number of that name. A value of another type with the same name is kept as well.
void EapItemsProcessor::add_internal_attribute(std::string_view key, int64_t value) {
  const uint32_t hash = hash_of(key);
  for (Attribute& other : item_.attributes) {
    const bool number = other.value.kind == AttributeKind::Int || other.value.kind == AttributeKind::Double;
    if (number && other.key_hash == hash && other.key.view == key) other.value.kind = AttributeKind::Nothing;
  }
  Attribute& attribute = item_.attributes.emplace_back();
  attribute.key = {key, true};
  attribute.key_hash = hash;
  attribute.value.kind = AttributeKind::Int;
  attribute.value.int_value = value;
}

JsonString EapItemsProcessor::indexed_name() const {
  const std::string_view wanted = item_.item_type == kSpanItem     ? "sentry.op"
                                  : item_.item_type == kMetricItem ? "sentry.metric.name"
                                                                   : "";
  if (!wanted.empty()) {
    for (const Attribute& attribute : item_.attributes) {
      if (attribute.value.kind == AttributeKind::String && attribute.key.view == wanted) {
        return attribute.value.string_value;
      }
    }
  }
  return {"", true};
}

Uuid EapItemsProcessor::random_uuid() {
  const std::array<uint64_t, 2> words = {random_(), random_()};
  std::array<uint8_t, 16> bytes;
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return Uuid::version_4(bytes);
}

}  // namespace freshet::processors

// Trace items (spans, logs, metrics and others) as protobuf (docs/snuba-data-sets.md, 9). One row per message, as
// JSONEachRow, in the types of the table, or as Snuba's RowBinary. At least once, the current time is that of
// begin_chunk() for all messages of a chunk.
//   invalid     null_payload, invalid_message
//   suppressed  past_ts, future_ts
//   skipped     invalid_timestamp
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "processors/data_sets/data_sets.h"
#include "processors/data_sets/eap_items/eap_columns.h"
#include "processors/data_sets/eap_items/eap_item_types.h"
#include "processors/data_sets/eap_items/eap_week.h"
#include "processors/data_sets/eap_items/far_time_filter.h"
#include "processors/description/binary_rows.h"
#include "processors/description/described_processor.h"
#include "processors/description/described_rows.h"
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

Sampling sampling_of(double client_rate, double server_rate) {
  constexpr double kMillion = 1'000'000.0;
  const auto is_rate = [](double rate) { return rate > 0 && rate <= 1; };
  Sampling out;
  if (is_rate(client_rate)) out.client_rate = client_rate;
  if (is_rate(server_rate)) out.server_rate = server_rate;
  out.factor = std::round(out.client_rate * out.server_rate * kMillion) / kMillion;
  if (out.factor < 1 / kMillion) out.factor = 1 / kMillion;
  out.weight = to_u64(std::round(1 / out.factor));
  return out;
}

// --- formats --------------------------------------------------------------------------------------------------------

// The rows in one format, with one set of columns.
class ItemRows {
 public:
  virtual ~ItemRows() = default;
  virtual const RowLayout& layout() const = 0;
  virtual std::string_view why_json() const = 0;
  virtual void begin_chunk() = 0;
  virtual ProcessResult write(const EapItem& item, const RowContext& context, std::string& rows) = 0;
};

template <typename Rows>
class ItemRowsOf final : public ItemRows {
 public:
  template <typename... Arguments>
  explicit ItemRowsOf(const Arguments&... arguments) : rows_(arguments...) {}

  const RowLayout& layout() const override { return rows_.layout(); }
  std::string_view why_json() const override { return rows_.why_json(); }
  void begin_chunk() override { rows_.begin_chunk(); }
  ProcessResult write(const EapItem& item, const RowContext& context, std::string& rows) override {
    rows_.begin_message();
    rows_.add(item, context);
    return rows_.move_to(rows);
  }

 private:
  Rows rows_;
};

std::unique_ptr<ItemRows> item_rows(const ProcessorsSettings& settings, ProcessorEnvironment environment,
                                    bool received_at) {
  if (settings.row_binary) {
    if (settings.june) return std::make_unique<ItemRowsOf<BinaryRows<eap::kJuneBinary>>>();
    if (received_at) return std::make_unique<ItemRowsOf<BinaryRows<eap::kBinaryWithReceivedAt>>>();
    return std::make_unique<ItemRowsOf<BinaryRows<eap::kBinary>>>();
  }
  if (settings.june) {
    environment.table = nullptr;  // its arrays are a column of type JSON
    return std::make_unique<ItemRowsOf<DescribedRows<eap::kJuneJson>>>(settings, environment);
  }
  if (received_at) {
    return std::make_unique<ItemRowsOf<DescribedRows<eap::kJsonWithReceivedAt>>>(settings, environment);
  }
  return std::make_unique<ItemRowsOf<DescribedRows<eap::kJson>>>(settings, environment);
}

// --- the message ----------------------------------------------------------------------------------------------------

class EapItemsProcessor final : public Processor {
 public:
  EapItemsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

  // Includes the column received_at while the live option eap_emit_received_at is on.
  const RowLayout& layout() const override { return rows_->layout(); }
  std::string_view why_json() const override { return rows_->why_json(); }
  void begin_chunk(const MessageContext& context, std::span<const Message> messages) override;
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  void read_clock_and_options();
  struct OffTime {
    bool far = false;              // skipped (older Snuba)
    const char* reason = nullptr;  // why it goes to the dead-letter topic
  };
  OffTime check_time(int64_t event_seconds);
  void count_prior_partition(WeekCheck week);
  const char* complete(const Message& message, std::optional<int64_t> received);
  void add_internal_attribute(std::string_view key, int64_t value);
  JsonString indexed_name() const;
  Uuid random_uuid();

  const ProcessorsSettings settings_;
  const ProcessorEnvironment environment_;
  const bool june_;
  bool received_at_ = false;
  const std::unique_ptr<ItemRows> plain_;
  const std::unique_ptr<ItemRows> with_received_at_;
  ItemRows* rows_;  // of the current chunk
  ProcessorOptions options_;
  std::array<Counter*, 2 * kEapItemTypes.size()> prior_partition_{};  // created on first use
  GeneratedValues values_;
  FarTimeFilter far_times_;
  std::mt19937_64 random_;

  TraceItemDecoder decoder_;
  EapItem item_;
};

EapItemsProcessor::EapItemsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
    : settings_(settings),
      environment_(environment),
      june_(settings.june),
      plain_(item_rows(settings, environment, false)),
      with_received_at_(item_rows(settings, environment, true)),
      values_(environment),
      far_times_(settings.june, environment, values_, eap_items_out_of_range),
      random_(seeded()),
      decoder_(settings.june) {
  read_clock_and_options();
}

void EapItemsProcessor::begin_chunk(const MessageContext&, std::span<const Message>) { read_clock_and_options(); }

void EapItemsProcessor::read_clock_and_options() {
  if (environment_.options != nullptr) options_ = environment_.options->get()->processors;
  received_at_ = options_.eap_emit_received_at && !june_;
  rows_ = (received_at_ ? with_received_at_ : plain_).get();
  rows_->begin_chunk();
  values_.begin_chunk();
  far_times_.begin_chunk();
}

ProcessResult EapItemsProcessor::process(const MessageContext& context, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  values_.begin_message(context, message);
  ProtobufReader reader(*message.payload);
  if (!decoder_.decode(reader, item_.in)) return ProcessResult::invalid("invalid_message", reader.error_text());
  const auto received = in_calendar(item_.in.received);
  OffTime off;
  if (const auto event = in_calendar(item_.in.timestamp)) off = check_time(*event);
  if (off.reason != nullptr) {
    ProcessResult result = ProcessResult::invalid(off.reason, "the item's time is outside the current week");
    result.suppressed = true;
    return result;
  }
  if (const char* wrong = complete(message, received)) return ProcessResult::invalid("invalid_message", wrong);
  if (off.far) return ProcessResult::skip("invalid_timestamp");
  ProcessResult result = rows_->write(
      item_, {context.partition, message.offset, settings_.environment, values_, message.timestamp_ms}, rows);
  if (received) result.origin_timestamp_ms = origin_from_seconds(*received);
  const EapItemType& type = kEapItemTypes[eap_item_type(item_.in.item_type)];
  result.usage_label = type.cogs_feature;
  result.type_label = type.name;
  return result;
}

EapItemsProcessor::OffTime EapItemsProcessor::check_time(int64_t event_seconds) {
  OffTime off;
  off.far = far_times_.refuses(event_seconds, item_.in.item_type);
  if (off.far || settings_.storage.empty() || !values_.has_time()) return off;
  const WeekCheck week = check_week(event_seconds, values_.chunk_time_ms(), options_.eap_dlq_grace_period_min);
  if (week == WeekCheck::Accepted || (june_ && week == WeekCheck::Future)) return off;
  off.reason = week == WeekCheck::Future ? "future_ts" : "past_ts";
  count_prior_partition(week);
  return off;
}

void EapItemsProcessor::count_prior_partition(WeekCheck week) {
  const size_t type = eap_item_type(item_.in.item_type);
  const bool future = week == WeekCheck::Future;
  Counter*& counter = prior_partition_[2 * type + (future ? 1 : 0)];
  if (counter == nullptr) {
    counter =
        &eap_items_prior_partition(*environment_.metrics, kEapItemTypes[type].name, future ? "future_ts" : "past_ts");
  }
  counter->add();
}

// Returns null, or the reason why the item is invalid.
const char* EapItemsProcessor::complete(const Message& message, std::optional<int64_t> received) {
  const TraceItem& in = item_.in;
  if (!in.timestamp) return "the item has no timestamp";
  const auto trace_id = Uuid::parse(in.trace_id.view);
  if (!trace_id) return "trace_id is not a UUID";
  if (in.item_id.size() < kItemIdSize) return "item_id is shorter than 16 bytes";
  if (received_at_ && message.timestamp_ms < 0) return "the message has no timestamp";
  item_.trace_id = *trace_id;
  if (!june_) {
    const auto session_id = Uuid::parse(in.session_id.view);
    item_.session_id = session_id && *session_id != Uuid{} ? *session_id : values_.id([this] { return random_uuid(); });
  }
  item_.indexed_name = indexed_name();
  item_.sampling = sampling_of(in.client_sample_rate, in.server_sample_rate);
  item_.retention_days = clamp_retention(static_cast<uint16_t>(in.retention_days), settings_.environment);
  item_.downsampled_retention_days =
      in.downsampled_retention_days == 0 ? item_.retention_days : static_cast<uint16_t>(in.downsampled_retention_days);
  add_internal_attribute(kIngestedAt, values_.chunk_time_ms());
  if (received) add_internal_attribute(kReceivedAt, *received);
  item_.attributes.place(in.attributes, in.elements);
  return nullptr;
}

// Replaces the producer's number of that name. A value of another type with the same name is kept as well.
void EapItemsProcessor::add_internal_attribute(std::string_view key, int64_t value) {
  const uint32_t hash = hash_of(key);
  for (Attribute& other : item_.in.attributes) {
    const bool number = other.value.kind == AttributeKind::Int || other.value.kind == AttributeKind::Double;
    if (number && other.key_hash == hash && other.key.view == key) other.value.kind = AttributeKind::Nothing;
  }
  Attribute& attribute = item_.in.attributes.emplace_back();
  attribute.key = {key, true};
  attribute.key_hash = hash;
  attribute.value.kind = AttributeKind::Int;
  attribute.value.int_value = value;
}

JsonString EapItemsProcessor::indexed_name() const {
  const std::string_view wanted = item_.in.item_type == kSpanItem     ? "sentry.op"
                                  : item_.in.item_type == kMetricItem ? "sentry.metric.name"
                                                                      : "";
  if (!wanted.empty()) {
    for (const Attribute& attribute : item_.in.attributes) {
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

}  // namespace

ProcessorFactory eap_items(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<EapItemsProcessor>(settings, environment);
}

}  // namespace freshet::processors

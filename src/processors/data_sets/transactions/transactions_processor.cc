// Transactions: one row per message, with its spans, measurements and contexts. Skips messages of other kinds, without
// a trace, or older than their retention.
//   skipped  unknown_envelope, unknown_version, unknown_type, no_transaction, no_trace, too_old
//   invalid  null_payload, invalid_message (not JSON), invalid_value
#include <span>

#include "processors/data_sets/data_sets.h"
#include "processors/data_sets/transactions/transaction_reader.h"
#include "processors/description/described_processor.h"
#include "processors/description/described_rows.h"
#include "processors/processors_metrics.h"
#include "processors/python/python_row.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

constexpr uint32_t kMostGroupIds = 10;

// --- columns --------------------------------------------------------------------------------------------------------

using T = Transaction;
using In = TransactionFields;
using Contexts = TransactionContexts;
using Span = TransactionSpans::Record;

FirstAsIs group_ids(const T& t) { return {t.group_ids, kMostGroupIds}; }
WhenThere<AnyValue> app_start_type(const T& t) {
  const PythonValue* const type = t.contexts.app_start_type;
  return {is_none(type) ? std::nullopt : std::optional(AnyValue{type})};
}
DottedText context_name(const PythonContext& c) { return {c.container->string(), c.member->string()}; }
const std::vector<Span>& spans(const T& t) { return t.spans.records(); }
WhenThere<PythonIp> ip_v4(const T& t) { return {t.ip && !t.ip->address.v6 ? t.ip : std::nullopt}; }
WhenThere<PythonIp> ip_v6(const T& t) { return {t.ip && t.ip->address.v6 ? t.ip : std::nullopt}; }

// The elements of values that may be missing.
template <auto... kPath>
constexpr auto each_value = [](const TransactionValues& values, const RowContext& context) {
  const auto elements = each<kPath...>(values.list, context);
  return WhenThere<std::remove_const_t<decltype(elements)>>{values.present ? std::optional(elements) : std::nullopt};
};

constexpr auto kRow =
    describe<T>(column<constant<uint8_t{0}>>("deleted"),                                 //
                column<&T::retention>("retention_days"),                                 //
                column<&T::event_id>("event_id"),                                        //
                column<&T::in, &In::project_id, as_is>("project_id"),                    //
                column<&T::trace_id>("trace_id"),                                        //
                column<&T::span_id>("span_id"),                                          //
                column<&T::in, &In::op, text_or_empty>("transaction_op"),                //
                column<&T::in, &In::transaction, text_or_empty>("transaction_name"),     //
                column<&T::in, &In::source, text_or_empty>("transaction_source"),        //
                column<&T::start, as_stamp>("start_ts"),                                 //
                column<&T::start, milliseconds_within_second>("start_ms"),               //
                column<&T::status>("transaction_status"),                                //
                column<&T::finish, as_stamp>("finish_ts"),                               //
                column<&T::finish, milliseconds_within_second>("finish_ms"),             //
                column<&T::duration_ms>("duration"),                                     //
                column<&T::in, &In::platform, as_text>("platform"),                      //
                column<group_ids>("group_ids"),                                          //
                column<&T::cells, each<&TransactionTag::name, as_text>>("tags.key"),     //
                column<&T::cells, each<&TransactionTag::value, as_text>>("tags.value"),  //
                column<&T::release, as_is>("release"),                                   //
                column<&T::environment, as_is>("environment"),                           //
                column<&T::user_tag, as_is>("user"),                                     //
                column<&T::replay_id, when_there>("replay_id"),                          //
                column<&T::dist, as_text>("dist"),                                       //
                column<&T::measurements, each_value<&TransactionValue::name, as_is>>("measurements.key"),
                column<&T::measurements, each_value<&TransactionValue::number, as_float>>("measurements.value"),
                column<&T::breakdowns, each_value<&TransactionValue::name, as_is>>("span_op_breakdowns.key"),
                column<&T::breakdowns, each_value<&TransactionValue::number, as_float>>("span_op_breakdowns.value"),
                column<spans, each<&Span::op, as_is>>("spans.op"),                             //
                column<spans, each<&Span::group>>("spans.group"),                              //
                column<spans, each<constant<uint8_t{0}>>>("spans.exclusive_time"),             //
                column<spans, each<&Span::time, as_is>>("spans.exclusive_time_32"),            //
                column<&T::in, &In::http_method, as_text>("http_method"),                      //
                column<&T::http_referer, as_text>("http_referer"),                             //
                column<&T::in, &In::sdk_name, text_or_empty>("sdk_name"),                      //
                column<&T::in, &In::sdk_version, text_or_empty>("sdk_version"),                //
                column<partition_of>("partition"),                                             //
                column<offset_of>("offset"),                                                   //
                column<app_start_type>("app_start_type"),                                      //
                column<&T::contexts, &Contexts::profile_id, when_there>("profile_id"),         //
                column<&T::contexts, &Contexts::profiler_id, when_there>("profiler_id"),       //
                column<&T::contexts, &Contexts::entries, each<context_name>>("contexts.key"),  //
                column<&T::contexts, &Contexts::entries, each<&PythonContext::value, as_text>>("contexts.value"),
                column<&T::in, &In::user_name, as_text>("user_name"),    //
                column<&T::in, &In::user_id, as_text>("user_id"),        //
                column<&T::in, &In::user_email, as_text>("user_email"),  //
                column<ip_v4>("ip_address_v4"),                          //
                column<ip_v6>("ip_address_v6"));

// --- the message ----------------------------------------------------------------------------------------------------

class TransactionsProcessor final : public Processor {
 public:
  TransactionsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : environment_(settings.environment),
        options_(environment.options),
        metrics_(*environment.metrics),
        values_(environment),
        reader_(settings, values_),
        rows_(settings, environment) {}

  const RowLayout& layout() const override { return rows_.layout(); }
  std::string_view why_json() const override { return rows_.why_json(); }

  void begin_chunk(const MessageContext&, std::span<const Message>) override {
    if (options_ != nullptr) max_spans_ = options_->get()->processors.max_spans_per_transaction;
    rows_.begin_chunk();
  }

  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override {
    if (!message.payload) return null_payload();
    values_.begin_message(context, message);
    rows_.begin_message();
    const ProcessResult read = reader_.read(*message.payload, max_spans_, transaction_);
    if (read.kind != ProcessResult::Kind::Rows) return read;
    count(transaction_);
    rows_.add(transaction_, {context.partition, message.offset, environment_, values_, message.timestamp_ms});
    ProcessResult result = rows_.move_to(rows);
    result.origin_timestamp_ms = transaction_.origin_timestamp_ms;
    return result;
  }

 private:
  void count(const Transaction& t) const {
    if (t.ends_before_start) metrics_.negative_duration.add();
    if (t.group_ids != nullptr && t.group_ids->count() > kMostGroupIds) metrics_.group_ids_cut.add();
    if (is_none_or_falsy(t.in.sdk_name)) metrics_.missing_sdk_name.add();
    if (is_none_or_falsy(t.in.sdk_version)) metrics_.missing_sdk_version.add();
    if (t.spans.cut()) metrics_.spans_cut.add();
    if (t.values_left_out) metrics_.values_left_out.add();
    if (t.origin_timestamp_ms == kNoTimestamp) metrics_.missing_received.add();
  }

  const SnubaEnvironment environment_;
  const Snapshot<LiveOptions>* const options_;
  const TransactionsMetrics metrics_;
  uint64_t max_spans_ = ProcessorOptions().max_spans_per_transaction;
  GeneratedValues values_;
  TransactionReader reader_;
  Transaction transaction_;
  DescribedRows<kRow> rows_;
};

}  // namespace

ProcessorFactory transactions(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<TransactionsProcessor>(settings, environment);
}

}  // namespace freshet::processors

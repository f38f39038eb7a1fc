// The metrics of this module, by data set. docs/metrics.md says how to react to each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"

namespace freshet::processors {

struct TransactionsMetrics {
  explicit TransactionsMetrics(Metrics& m)
      : negative_duration(
            m.counter("freshet_transactions_negative_duration_total", "Transactions that end before they start.")),
        group_ids_cut(m.counter("freshet_transactions_group_ids_cut_total", "Transactions with more than 10 groups.")),
        missing_sdk_name(
            m.counter("freshet_transactions_missing_sdk_name_total", "Transactions without the SDK's name.")),
        missing_sdk_version(
            m.counter("freshet_transactions_missing_sdk_version_total", "Transactions without the SDK's version.")),
        spans_cut(m.counter("freshet_transactions_spans_cut_total",
                            "Transactions with more spans than max_spans_per_transaction.")),
        values_left_out(m.counter("freshet_transactions_values_left_out_total",
                                  "Transactions written without their measurements or breakdowns, which were "
                                  "invalid.")),
        missing_received(m.counter("freshet_transactions_missing_received_total",
                                   "Transactions whose time of receipt is missing or out of range.")) {}

  Counter& negative_duration;
  Counter& group_ids_cut;
  Counter& missing_sdk_name;
  Counter& missing_sdk_version;
  Counter& spans_cut;
  Counter& values_left_out;
  Counter& missing_received;
};

struct OutcomesMetrics {
  explicit OutcomesMetrics(Metrics& m)
      : missing_category(
            m.counter("freshet_outcomes_missing_category_total", "Outcomes without a category (other than abuse).")),
        missing_quantity(
            m.counter("freshet_outcomes_missing_quantity_total", "Outcomes without a quantity (other than abuse).")) {}

  Counter& missing_category;
  Counter& missing_quantity;
};

// Of a consumer of metrics of this type.
struct GenericMetricsMetrics {
  // `values`: the lists of numbers that the type has.
  enum class Values { None, Set, Distribution };
  GenericMetricsMetrics(Metrics& m, const char* metric_type, Values values_of)
      : registry(m),
        tags(m.histogram("freshet_generic_metrics_message_tags", "Number of tags of a metric.", count_buckets(),
                         {{"metric_type", metric_type}})),
        message_bytes(m.histogram("freshet_generic_metrics_message_bytes", "Payload bytes of a metric.",
                                  {128, 256, 512, 1024, 2048, 4096, 16384, 65536, 262144, 1048576})),
        values(values_histogram(values_of)),
        legacy(series("legacy")),
        encoded(series("encoded")),
        base64_received(received("base64")),
        zstd_received(received("zstd")),
        base64_decoded(decoded("base64")),
        zstd_decoded(decoded("zstd")) {}

  Counter& killswitched(std::string_view use_case) const {
    return registry.counter("freshet_generic_metrics_killswitched_use_case_total",
                            "Metrics skipped because their use case is switched off.",
                            {{"use_case_id", std::string(use_case)}});
  }

  Metrics& registry;
  Histogram& tags;
  Histogram& message_bytes;
  Histogram* const values;  // null for Values::None
  Counter& legacy;
  Counter& encoded;
  Counter& base64_received;
  Counter& zstd_received;
  Counter& base64_decoded;
  Counter& zstd_decoded;

 private:
  static std::vector<double> count_buckets() { return {0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024}; }
  Histogram* values_histogram(Values of) const {
    if (of == Values::None) return nullptr;
    return of == Values::Set
               ? &registry.histogram("freshet_generic_metrics_set_values", "Numbers of a set.", count_buckets())
               : &registry.histogram("freshet_generic_metrics_distribution_values", "Numbers of a distribution.",
                                     count_buckets());
  }
  Counter& series(const char* format) const {
    return registry.counter("freshet_generic_metrics_series_total", "Sets and distributions by their form.",
                            {{"format", format}});
  }
  Counter& received(const char* format) const {
    return registry.counter("freshet_generic_metrics_encoded_received_total",
                            "Packed sets and distributions of the consumer's own metric type.", {{"format", format}});
  }
  Counter& decoded(const char* format) const {
    return registry.counter("freshet_generic_metrics_encoded_decoded_total",
                            "Packed sets and distributions that were unpacked.", {{"format", format}});
  }
};

// --- trace items ----------------------------------------------------------------------------------------------------

// Skipped because their time is too far from now; `is_future`: after now.
inline Counter& skipped_out_of_range(Metrics& metrics, const char* name, const char* item_type, bool is_future) {
  return metrics.counter(name, "Trace items skipped because their time is far from now.",
                         {{"item_type", item_type}, {"is_future", is_future ? "true" : "false"}});
}
inline Counter& eap_items_out_of_range(Metrics& metrics, const char* item_type, bool is_future) {
  return skipped_out_of_range(metrics, "freshet_eap_items_dropped_out_of_range_timestamp_total", item_type, is_future);
}
inline Counter& accepted_outcomes_out_of_range(Metrics& metrics, const char* item_type, bool is_future) {
  return skipped_out_of_range(metrics, "freshet_accepted_outcomes_dropped_out_of_range_timestamp_total", item_type,
                              is_future);
}

// `reason`: future_ts or past_ts.
inline Counter& eap_items_prior_partition(Metrics& metrics, const char* item_type, const char* reason) {
  return metrics.counter("freshet_eap_items_dlqed_prior_partition_total",
                         "Trace items sent to the dead-letter topic because their time is outside the current week.",
                         {{"item_type", item_type}, {"reason", reason}});
}

}  // namespace freshet::processors

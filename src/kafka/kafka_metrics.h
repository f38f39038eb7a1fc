// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/metrics.h"

namespace freshet::kafka {

// Of a consumer of `topic`.
struct ConsumerMetrics {
  ConsumerMetrics(Metrics& m, const std::string& topic)
      : registry(m),
        topic_partitions(m.gauge("freshet_topic_partitions", "Number of partitions of the topic.", {{"topic", topic}})),
        assign_seconds(rebalance_seconds("assign")),
        revoke_seconds(rebalance_seconds("revoke")),
        offsets_expired(m.counter("freshet_offsets_expired_total",
                                  "Offsets that the broker deleted before they were consumed.", {{"topic", topic}})) {}

  Counter& errors(const char* error) const {
    return registry.counter("freshet_kafka_errors_total", "Errors of the Kafka consumer by librdkafka's name.",
                            {{"error", error}});
  }

  Metrics& registry;
  Gauge& topic_partitions;
  Histogram& assign_seconds;
  Histogram& revoke_seconds;
  Counter& offsets_expired;

 private:
  Histogram& rebalance_seconds(const char* step) const {
    return registry.histogram("freshet_rebalance_seconds",
                              "Time to answer a rebalance: assign looks up start offsets, revoke drains.",
                              latency_buckets(), {{"step", step}});
  }
};

// Of librdkafka's statistics of a consumer of `topic`. The gauges exist from the first statistics on.
struct ConsumerStatisticsMetrics {
  Gauge& reply_queue() const {
    return registry.gauge("freshet_librdkafka_reply_queue_operations",
                          "Operations in librdkafka's queue for the main loop.");
  }
  Gauge& fetch_queue(int32_t partition) const {
    return registry.gauge(kFetchQueue, "Fetched messages in librdkafka's queue.", of(partition));
  }
  void remove_fetch_queue(int32_t partition) const { registry.remove_gauge(kFetchQueue, of(partition)); }

  Metrics& registry;
  const std::string topic;

 private:
  static constexpr const char* kFetchQueue = "freshet_librdkafka_fetch_queue_messages";
  Labels of(int32_t partition) const { return {{"topic", topic}, {"partition", std::to_string(partition)}}; }
};

// `producer`: the value of the label `producer`.
struct ProducerMetrics {
  ProducerMetrics(Metrics& m, std::string producer_label)
      : registry(m), producer(std::move(producer_label)), delivered(records("success")) {}

  // `result`: librdkafka's name of the error.
  Counter& records(const char* result) const {
    return registry.counter("freshet_produced_records_total",
                            "Produced records by the broker's answer: success, or librdkafka's name of the error.",
                            {{"producer", producer}, {"result", result}});
  }

  // The metrics below exist from librdkafka's first statistics on.
  Gauge& messages() const {
    return registry.gauge("freshet_producer_messages", "Records in the producer's queue and in flight.",
                          {{"producer", producer}});
  }
  Gauge& messages_max() const {
    return registry.gauge("freshet_producer_messages_max", "Limit of records in the producer's queue.",
                          {{"producer", producer}});
  }
  Gauge& bytes() const {
    return registry.gauge("freshet_producer_bytes", "Bytes of the records in the producer's queue and in flight.",
                          {{"producer", producer}});
  }
  Gauge& bytes_max() const {
    return registry.gauge("freshet_producer_bytes_max", "Limit of bytes in the producer's queue.",
                          {{"producer", producer}});
  }
  Gauge& reply_queue() const {
    return registry.gauge("freshet_producer_reply_queue_operations",
                          "Operations in librdkafka's queue for the producer.", {{"producer", producer}});
  }
  // `of`: int_latency, outbuf_latency or rtt.
  Gauge& p99_seconds(const std::string& broker, const char* of) const {
    return registry.gauge("freshet_producer_p99_seconds",
                          "99th percentile over the last seconds: time in the queue (int_latency), time until sent "
                          "(outbuf_latency), round trip (rtt).",
                          {{"producer", producer}, {"broker", broker}, {"of", of}});
  }
  Counter& request_errors(const std::string& broker) const {
    return registry.counter("freshet_producer_request_errors_total",
                            "Failed requests to a broker, as librdkafka counts them.",
                            {{"producer", producer}, {"broker", broker}});
  }
  Counter& request_retries(const std::string& broker) const {
    return registry.counter("freshet_producer_request_retries_total",
                            "Retried requests to a broker, as librdkafka counts them.",
                            {{"producer", producer}, {"broker", broker}});
  }

  Metrics& registry;
  const std::string producer;
  Counter& delivered;
};

inline Gauge& clients_closing(Metrics& metrics) {
  return metrics.gauge("freshet_kafka_clients_closing", "Kafka clients of past consumers that are not destroyed yet.");
}

}  // namespace freshet::kafka

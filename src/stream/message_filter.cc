#include "stream/message_filter.h"

#include <algorithm>
#include <utility>

namespace freshet::stream {

MessageFilter::MessageFilter(const StreamSettings& settings, StreamMetrics& metrics, Clock& clock,
                             const Snapshot<LiveOptions>* options, std::unique_ptr<SchemaValidator> schema,
                             std::unique_ptr<PayloadSampler> sampler)
    : filter_(settings.pre_filter),
      by_age_(settings.dead_letters_by_age && !settings.skip_write && options != nullptr),
      age_decides_(settings.delivery == Delivery::AtLeastOnce),
      enforce_(settings.schema.enforce),
      sample_rate_(settings.schema.sample_rate),
      metrics_(metrics),
      clock_(clock),
      options_(options),
      schema_(std::move(schema)),
      sampler_(std::move(sampler)),
      random_(std::random_device{}()) {}

void MessageFilter::begin_chunk() {
  if (!by_age_) return;
  age_ = options_->get()->dead_letters_by_age;
  now_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.system_now().time_since_epoch()).count();
}

std::optional<ProcessResult> MessageFilter::filter(const Message& message) {
  if (filter_ && filtered_out(message)) return ProcessResult::skip("pre_filter");
  if (by_age_ && too_old(message)) {
    metrics_.stale_seen.add();
    if (age_decides_ && sampled(age_.sample_rate)) {
      metrics_.stale_routed.add();
      ProcessResult result = ProcessResult::invalid("too_old", "older than the threshold of consumer.dlq_by_age");
      result.suppressed = true;
      return result;
    }
  }
  if (!message.payload) return std::nullopt;
  if (schema_ != nullptr && (enforce_ || sampled(sample_rate_))) {
    if (auto result = validate(*message.payload)) return result;
  }
  if (sampler_ != nullptr && until_sample_-- == 0) until_sample_ = sampler_->look_at(*message.payload);
  return std::nullopt;
}

std::optional<ProcessResult> MessageFilter::validate(std::string_view payload) {
  std::optional<std::string> why = schema_->why_invalid(payload);
  if (!why) return std::nullopt;
  metrics_.schema_failed.add();
  if (!enforce_) return std::nullopt;
  return ProcessResult::invalid("schema", std::move(*why));
}

bool MessageFilter::filtered_out(const Message& message) {
  headers_.clear();
  message.headers(headers_);
  const auto found = std::find_if(headers_.begin(), headers_.end(),
                                  [&](const HeaderView& header) { return header.name == filter_->name; });
  if (found == headers_.end() || !found->value || *found->value == filter_->value) return false;
  const std::vector<std::string>& known = filter_->known;
  return known.empty() || std::find(known.begin(), known.end(), *found->value) != known.end();
}

bool MessageFilter::too_old(const Message& message) {
  // A message without a broker timestamp has unlimited age: it counts as of 1970.
  return age_.sample_rate > 0 &&
         now_ms_ - std::max<int64_t>(message.timestamp_ms, 0) > std::chrono::milliseconds(age_.threshold).count();
}

bool MessageFilter::sampled(double rate) {
  if (rate >= 1) return true;
  return rate > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < rate;
}

}  // namespace freshet::stream

#include "processors/data_sets/eap_items/far_time_filter.h"

#include "processors/data_sets/eap_items/eap_week.h"

namespace freshet::processors {

FarTimeFilter::FarTimeFilter(bool june, const ProcessorEnvironment& environment, const GeneratedValues& values,
                             CounterOf counter_of)
    : june_(june), environment_(environment), values_(values), counter_of_(counter_of) {
  begin_chunk();
}

void FarTimeFilter::begin_chunk() {
  on_ = june_ && environment_.options != nullptr && environment_.options->get()->processors.eap_drop_invalid_timestamps;
}

bool FarTimeFilter::refuses(int64_t event_seconds, int32_t item_type) {
  if (!on_ || !values_.has_time() || !is_far_from_now(event_seconds, values_.chunk_time_ms())) return false;
  const size_t type = eap_item_type(item_type);
  const bool future = event_seconds * 1000 > values_.chunk_time_ms();
  Counter*& counter = refused_[2 * type + (future ? 1 : 0)];
  if (counter == nullptr) {
    counter = &counter_of_(*environment_.metrics, kEapItemTypes[type].name, future);
  }
  counter->add();
  return true;
}

}  // namespace freshet::processors

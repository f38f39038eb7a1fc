#include "stream/flow_control.h"

namespace freshet::stream {

bool FlowControl::update_backpressure() {
  if (!backpressure_ && budget_->held() > budget_->limit()) return backpressure_ = true;
  if (backpressure_ && budget_->held() < budget_->limit() / 2) backpressure_ = false;
  return false;
}

FlowControl::Delivery FlowControl::desired(const PartitionView& view, ConsumerPhase phase) const {
  if (view.blocked || view.reached_stop || phase == ConsumerPhase::Stopping) return Delivery::Pause;
  if (backpressure_ && !view.must_read) return Delivery::Pause;
  if (view.draining || phase == ConsumerPhase::Leaving) return Delivery::Unchanged;
  return Delivery::Run;
}

bool FlowControl::paused(const PartitionView& view, ConsumerPhase phase) const {
  const Delivery wanted = desired(view, phase);
  if (wanted != Delivery::Unchanged) return wanted == Delivery::Pause;
  const auto told = told_.find(view.partition);
  return told == told_.end() || told->second;
}

void FlowControl::compare(const PartitionView& view, ConsumerPhase phase, Changes& changes) {
  const bool waits = view.held_back && !view.must_read && desired(view, phase) == Delivery::Run;
  const bool pause = waits || paused(view, phase);
  const auto told = told_.find(view.partition);
  if (told != told_.end() && told->second == pause) return;
  told_.insert_or_assign(view.partition, pause);
  (pause ? changes.pause : changes.resume).push_back(view.partition);
}

}  // namespace freshet::stream

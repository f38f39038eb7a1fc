#include "stream/flow_control.h"

namespace freshet::stream {

bool FlowControl::update_push_back() {
  if (!pushing_back_ && budget_->held() > budget_->limit()) return pushing_back_ = true;
  if (pushing_back_ && budget_->held() < budget_->limit() / 2) pushing_back_ = false;
  return false;
}

FlowControl::Delivery FlowControl::desired(const Facts& facts, Session session) const {
  if (facts.blocked || facts.reached_stop || pushing_back_ || session == Session::Stopping) return Delivery::Pause;
  if (facts.draining || session == Session::Leaving) return Delivery::Unchanged;
  return Delivery::Run;
}

bool FlowControl::paused(const Facts& facts, Session session) const {
  const Delivery wanted = desired(facts, session);
  if (wanted != Delivery::Unchanged) return wanted == Delivery::Pause;
  const auto told = told_.find(facts.partition);
  return told == told_.end() || told->second;
}

void FlowControl::compare(const Facts& facts, Session session, Changes& changes) {
  const bool pause = paused(facts, session);
  const auto told = told_.find(facts.partition);
  if (told != told_.end() && told->second == pause) return;
  told_.insert_or_assign(facts.partition, pause);
  (pause ? changes.pause : changes.resume).push_back(facts.partition);
}

}  // namespace freshet::stream

// A ConsumerControl that runs the consumer until it is stopped.
#pragma once

#include <stop_token>
#include <utility>

#include "ports/consumer_control.h"

namespace freshet::testkit {

class StopControl final : public ConsumerControl {
 public:
  explicit StopControl(std::stop_token stop) : stop_(std::move(stop)) {}
  ConsumerCommand poll(SteadyTime, const ConsumerState&) override {
    return stop_.stop_requested() ? ConsumerCommand::Stop : ConsumerCommand::Continue;
  }
  SteadyTime next_deadline(SteadyTime now) const override { return now + std::chrono::seconds(1); }
  ClientEnd client_ended(const Error&) override { return ClientEnd::Unexpected; }
  void renewal_may_help(const Error&, SteadyTime) override {}

 private:
  const std::stop_token stop_;
};

}  // namespace freshet::testkit

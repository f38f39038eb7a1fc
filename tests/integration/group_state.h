// The state of a consumer group according to its coordinator.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace freshet::testkit {

struct GroupState {
  rd_kafka_consumer_group_state_t state = RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN;
  int members = 0;
};

// Queries with its own client. Threads: one.
class GroupWatch {
 public:
  GroupWatch(const std::string& bootstrap, std::string group) : group_(std::move(group)) {
    std::array<char, 512> text{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap.c_str(), text.data(), text.size());
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
  }

  // None: no answer.
  std::optional<GroupState> ask() const {
    const std::unique_ptr<rd_kafka_queue_t, void (*)(rd_kafka_queue_t*)> answers(rd_kafka_queue_new(client_.get()),
                                                                                 rd_kafka_queue_destroy);
    const char* groups[] = {group_.c_str()};
    rd_kafka_DescribeConsumerGroups(client_.get(), groups, 1, nullptr, answers.get());
    const std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)> event(rd_kafka_queue_poll(answers.get(), 5000),
                                                                               rd_kafka_event_destroy);
    if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
    size_t count = 0;
    const auto* all = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
    if (count != 1) return std::nullopt;
    return GroupState{rd_kafka_ConsumerGroupDescription_state(all[0]),
                      static_cast<int>(rd_kafka_ConsumerGroupDescription_member_count(all[0]))};
  }
  bool rebalances() const {
    const auto group = ask();
    return group && group->state == RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE;
  }
  // -1: no answer, or the group is rebalancing.
  int members_at_rest() const {
    const auto group = ask();
    return group && group->state == RD_KAFKA_CONSUMER_GROUP_STATE_STABLE ? group->members : -1;
  }

 private:
  struct Destroyed {
    void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  };
  const std::string group_;
  std::unique_ptr<rd_kafka_t, Destroyed> client_;
};

}  // namespace freshet::testkit

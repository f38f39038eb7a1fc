// The client's membership in its group: how it continues the previous one, and how it leaves.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kafka/kafka_events.h"
#include "kafka/kafka_source.h"

namespace freshet::kafka {
namespace {

// Added to the time that the group may take to rebalance.
constexpr Duration kGroupMustAnswer = std::chrono::seconds(30);

}  // namespace

void KafkaSource::begin_with(std::vector<Partition> assigned, const Membership& old, int32_t topic_partitions) {
  std::sort(assigned.begin(), assigned.end());
  membership_.generation = group_standing(client_.get()).generation;
  membership_.topic_partitions = old.topic_partitions > 0 ? old.topic_partitions : topic_partitions;
  first_assignment_ =
      old.settled && old.generation >= 0 && membership_.generation == old.generation && assigned == old.partitions;
  membership_.partitions = std::move(assigned);
  assignment_waits_ = true;
  requests_->note_assignment();
  unsettle();
}

void KafkaSource::begin_with_first_assignment(std::vector<SourceEvent>& out) {
  if (!first_assignment_) return;
  const bool continues = *std::exchange(first_assignment_, std::nullopt);
  if (!continues && !membership_.partitions.empty())
    return start_look_up_.begin(membership_.partitions, StartLookUpFor::Assignment);
  std::vector<AssignedPartition> partitions;
  for (const Partition partition : membership_.partitions) partitions.push_back({partition, Offset{-1}, ""});
  announce(std::move(partitions), continues, out);
}

void KafkaSource::settle() {
  membership_.settled = true;
  membership_.partitions.clear();
  for (const auto& [partition, owned] : owned_) membership_.partitions.push_back(partition);
  unsettled_since_.reset();
  learn_continuity();
}

void KafkaSource::unsettle() {
  membership_.settled = false;
  if (!unsettled_since_) unsettled_since_ = clock_.steady_now();
}

void KafkaSource::check_unsettled(std::vector<SourceEvent>& out) {
  if (closing_ || !unsettled_since_) return;
  const Duration waited = clock_.steady_now() - *unsettled_since_;
  if (waited < settings_.max_poll_interval + kGroupMustAnswer) return;
  unsettled_since_ = clock_.steady_now();
  out.push_back(SourceFault{{ErrorKind::Renew, RD_KAFKA_RESP_ERR__TIMED_OUT,
                             fmt::format("no assignment of partitions for {} s",
                                         std::chrono::duration_cast<std::chrono::seconds>(waited).count())}});
}

// Without a member id the membership is over already; the next assignment tells.
void KafkaSource::learn_continuity() {
  if (instance_id_.empty() || identity_.continuity() != Membership::Continuity::Unknown) return;
  const std::string member_id = group_standing(client_.get()).member_id;
  if (!member_id.empty()) identity_.broker_said(instance_id_, names_instance(member_id, instance_id_));
}

void KafkaSource::begin_close(LeaveMode mode) {
  if (closing_) return;
  closing_ = true;
  start_look_up_.cancel();
  if (assignment_waits_) {  // the library does not leave before it gets an answer
    assignment_waits_ = false;
    broken(assignment_.assign({}));
  }
  const bool stays = mode == LeaveMode::ForGood && identity_.configured();
  const bool leaves_itself = instance_id_.empty() || identity_.new_protocol();
  departure_.emplace(stays           ? Departure::Kind::Stays
                     : leaves_itself ? Departure::Kind::Dynamic
                                     : Departure::Kind::Static);
  depart();
}

void KafkaSource::depart() {
  const Departure::MemberState member{requests_->joins_sent, requests_->joins_answered,
                                      !group_standing(client_.get()).member_id.empty(), requests_->assigned};
  switch (departure_->next(member, clock_.steady_now())) {
    case Departure::Step::Wait:
      return;
    case Departure::Step::Unsubscribe:
      rd_kafka_unsubscribe(client_.get());
      return;
    case Departure::Step::Subscribe:
      broken(subscribe());
      return;
    case Departure::Step::Close:
      return close();
  }
}

void KafkaSource::close() {
  departure_.reset();
  const LibraryError error(rd_kafka_consumer_close_queue(client_.get(), queue_.get()));
  if (!error) return;
  // A fatal or fenced client never reports that it is closed.
  log_.emit(CloseFailed{rd_kafka_error_string(error.get())});
  broken_ = Error{ErrorKind::Renew, rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get())};
  wake();
}

}  // namespace freshet::kafka

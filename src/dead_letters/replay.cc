#include "dead_letters/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "dead_letters/dead_letter_topic.h"
#include "dead_letters/selection.h"
#include "delivery/token_bucket.h"
#include "kafka/cluster.h"
#include "kafka/transactional_producer.h"

namespace freshet::dead_letters {
namespace {

constexpr int kUnknownTopic = 3;  // Kafka's UNKNOWN_TOPIC_OR_PARTITION
constexpr Duration kTimeout = std::chrono::seconds(30);
// Of one transaction.
constexpr size_t kMostMessages = 500;
constexpr size_t kMostBytes = 8 << 20;
constexpr Duration kLongestWait = std::chrono::seconds(1);

constexpr Duration kRateStep = std::chrono::milliseconds(10);
constexpr double kBurstSeconds = 0.05;  // of messages at once: several steps

size_t bytes_of(const StoredDeadLetter& letter) {
  return (letter.key ? letter.key->size() : 0) + (letter.payload ? letter.payload->size() : 0);
}

std::vector<HeaderView> views_of(const Headers& headers) {
  std::vector<HeaderView> views;
  for (const auto& [name, value] : headers) views.push_back({name, value});
  return views;
}

// Threads: one.
class Replay {
 public:
  Replay(const kafka::ConnectionSettings& connection, std::string dead_letter_topic,
         const DeadLettersSettings& settings, const ReplayHooks& hooks, std::stop_token stop, Clock& clock, Log& log)
      : connection_(connection),
        dead_letter_topic_(std::move(dead_letter_topic)),
        settings_(settings),
        hooks_(hooks),
        stop_(std::move(stop)),
        clock_(clock),
        log_(log),
        rate_(settings.rate, std::max(1.0, settings.rate * kBurstSeconds), clock.steady_now()) {}

  // The producer is opened before the marks are read: it ends every other replay, so the marks are complete.
  Status run() {
    if (!settings_.dry_run) {
      if (const Status opened = open_producer(); !opened) return opened;
    }
    auto topic = DeadLetterTopic::open(connection_, dead_letter_topic_, stop_, clock_, log_);
    if (!topic) return tl::make_unexpected(topic.error());
    topic_.emplace(*std::move(topic));
    const Status read = topic_->each([this](TopicRecord record) {
      failed_ = take(std::move(record));
      return failed_.has_value();
    });
    if (!failed_) return failed_;
    if (!read) return read;
    return send_waiting();
  }

 private:
  Status take(TopicRecord record) {
    auto* letter = std::get_if<StoredDeadLetter>(&record.what);
    if (letter == nullptr || !matches(settings_.selection, *letter, record.replayed)) return {};
    if (!taken_.insert(id_of(letter->origin)).second) return {};
    if (hooks_.check) {
      const auto checked = hooks_.check(*letter);
      if (!checked) return tl::make_unexpected(checked.error());
      if (const auto& left_out = *checked) {
        hooks_.tell(*letter, left_out->outcome, left_out->why);
        return {};
      }
    }
    const std::string& target = target_of(*letter);
    if (target.empty()) {
      return failure(ErrorKind::Fatal, fmt::format("the dead letter at {}:{} does not name the topic of its message: "
                                                   "add --topic",
                                                   letter->position.partition.value, letter->position.offset.value));
    }
    if (const auto partitions = partitions_of(target); !partitions) {
      if (partitions.error().code != kUnknownTopic) return tl::make_unexpected(partitions.error());
      hooks_.tell(*letter, ReplayOutcome::Rejected, partitions.error().text);
      return {};
    }
    if (stop_.stop_requested()) return failure(ErrorKind::Stopping, "interrupted");
    while (!rate_.take(clock_.steady_now())) {
      if (!sleep_interruptibly(clock_, stop_, kRateStep)) return failure(ErrorKind::Stopping, "interrupted");
    }
    if (waiting_.empty()) waiting_since_ = clock_.steady_now();
    waiting_bytes_ += bytes_of(*letter);
    waiting_.push_back(std::move(*letter));
    const bool full = waiting_.size() >= kMostMessages || waiting_bytes_ >= kMostBytes ||
                      clock_.steady_now() - waiting_since_ >= kLongestWait;
    return full ? send_waiting() : Status();
  }

  Status open_producer() {
    auto producer = kafka::TransactionalProducer::open(connection_, "freshet-dlq-replay-" + dead_letter_topic_,
                                                       kTimeout, stop_, clock_, log_);
    if (!producer) return tl::make_unexpected(producer.error());
    producer_.emplace(*std::move(producer));
    return {};
  }

  Status send_waiting() {
    const std::vector<StoredDeadLetter> letters = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    if (letters.empty()) return {};
    if (settings_.dry_run) {
      tell_all(letters, ReplayOutcome::WouldBeReplayed);
      return {};
    }
    const Status sent = send(letters);
    if (sent) tell_all(letters, ReplayOutcome::Replayed);
    if (sent || sent.error().kind != ErrorKind::Invalid) return sent;
    return send_one_by_one(letters);
  }

  // After a topic has rejected one of them.
  Status send_one_by_one(const std::vector<StoredDeadLetter>& letters) {
    for (const StoredDeadLetter& letter : letters) {
      if (stop_.stop_requested()) return failure(ErrorKind::Stopping, "interrupted");
      const Status sent = send({&letter, 1});
      if (!sent && sent.error().kind != ErrorKind::Invalid) return sent;
      hooks_.tell(letter, sent ? ReplayOutcome::Replayed : ReplayOutcome::Rejected, sent ? "" : sent.error().text);
    }
    return {};
  }

  // In one transaction.
  Status send(std::span<const StoredDeadLetter> letters) {
    if (const Status opened = producer_ ? Status() : open_producer_again(); !opened) return opened;
    const Status sent = send_with_producer(letters);
    if (!sent) producer_.reset();
    for (const StoredDeadLetter& letter : letters) {
      if (sent) marked_.insert(id_of(letter.origin));
    }
    return sent;
  }

  // After an error of produce(), commit() ends the transaction and reports it.
  Status send_with_producer(std::span<const StoredDeadLetter> letters) {
    if (const Status begun = producer_->begin(); !begun) return begun;
    for (const StoredDeadLetter& letter : letters) {
      if (!produce(letter)) break;
    }
    return producer_->commit();
  }

  // Another replay may have run while this one had no producer. Its marks were not read.
  Status open_producer_again() {
    if (const Status opened = open_producer(); !opened) return opened;
    bool taken_over = false;
    const Status read = topic_->each_new_mark([&](const Origin& origin) {
      if (!marked_.contains(id_of(origin))) taken_over = true;
    });
    if (read && taken_over) {
      return failure(ErrorKind::Fatal, "another replay of this topic ran meanwhile; repeat the command");
    }
    return read;
  }

  Status produce(const StoredDeadLetter& letter) {
    const std::string& topic = target_of(letter);
    const int32_t partitions = partitions_.at(topic);
    const Partition partition = letter.origin.partition;
    const std::string from =
        fmt::format("{}/{}/{}", dead_letter_topic_, letter.position.partition.value, letter.position.offset.value);
    std::vector<HeaderView> headers = views_of(letter.headers);
    headers.push_back({"freshet_replayed_from", from});
    const Status produced =
        producer_->produce(topic, partition.value < partitions ? std::optional(partition) : std::nullopt,
                           {letter.key, letter.payload, headers});
    if (!produced) return produced;
    const ReplayMark mark = mark_of(letter.origin);
    return producer_->produce(dead_letter_topic_, letter.position.partition,
                              {mark.key, "replayed", views_of(mark.headers)});
  }

  const std::string& target_of(const StoredDeadLetter& letter) const {
    return settings_.selection.topic.empty() ? letter.origin.topic : settings_.selection.topic;
  }

  Result<int32_t> partitions_of(const std::string& topic) {
    if (const auto known = partitions_.find(topic); known != partitions_.end()) return known->second;
    const auto count = kafka::count_partitions(connection_, topic, kTimeout, log_);
    if (count) partitions_.emplace(topic, *count);
    return count;
  }

  void tell_all(const std::vector<StoredDeadLetter>& letters, ReplayOutcome outcome) {
    for (const StoredDeadLetter& letter : letters) hooks_.tell(letter, outcome, "");
  }

  const kafka::ConnectionSettings& connection_;
  const std::string dead_letter_topic_;
  const DeadLettersSettings& settings_;
  const ReplayHooks& hooks_;
  const std::stop_token stop_;
  Clock& clock_;
  Log& log_;
  delivery::TokenBucket rate_;
  std::optional<kafka::TransactionalProducer> producer_;  // none in a dry run, and after an error
  std::map<std::string, int32_t> partitions_;             // by topic
  std::optional<DeadLetterTopic> topic_;
  OriginIds taken_;                        // messages of this replay
  OriginIds marked_;                       // those of them that are replayed
  std::vector<StoredDeadLetter> waiting_;  // for the next transaction
  size_t waiting_bytes_ = 0;
  SteadyTime waiting_since_{};
  Status failed_;  // of the last take()
};

}  // namespace

Status replay(const kafka::ConnectionSettings& connection, const std::string& dead_letter_topic,
              const DeadLettersSettings& settings, const ReplayHooks& hooks, std::stop_token stop, Clock& clock,
              Log& log) {
  return Replay(connection, dead_letter_topic, settings, hooks, std::move(stop), clock, log).run();
}

}  // namespace freshet::dead_letters

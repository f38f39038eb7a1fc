// Errors of the library: which partition each one is about, and which are reported as faults.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kafka/error_table.h"
#include "kafka/kafka_events.h"
#include "kafka/kafka_source.h"
#include "kafka/oauth_token.h"

namespace freshet::kafka {

void KafkaSource::on_error(ConsumerError about, std::vector<SourceEvent>& out) {
  const auto code = about.code;
  if (code != RD_KAFKA_RESP_ERR__PARTITION_EOF) count(about);
  const int32_t partition = about.partition;
  if (partition >= 0 && (code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                         is_unreadable(code))) {
    return on_partition_error(code, Partition{partition}, about.offset, out);
  }
  if (code == RD_KAFKA_RESP_ERR__FATAL || about.fatal) return report_fatal(out);
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
    stop_until_topic_is_back();
  }
  Error& error = about.error;
  if (partition >= 0) error.text = fmt::format("partition {}: {}", partition, error.text);
  report(error, out, partition);
}

void KafkaSource::on_partition_error(rd_kafka_resp_err_t code, Partition partition, int64_t offset,
                                     std::vector<SourceEvent>& out) {
  const auto found = owned_.find(partition);
  if (found == owned_.end()) return;
  Owned& owned = found->second;
  if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (!owned.cursor.speaks_of_us()) return;
    if (is_beyond_unreadable(partition, owned)) out.push_back(EndOfPartition{partition, Offset{offset}});
    return;
  }
  if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    if (!owned.cursor.speaks_of_us() || !is_beyond_unreadable(partition, owned)) return;
    owned.cursor.stop(PartitionCursor::State::OutOfRange, clock_.steady_now());
    owned.commits_before = commits_sent_;
    out.push_back(NoValidOffset{partition, OffsetState::OutOfRange, ""});
    return;
  }
  on_unreadable(to_error(code, rd_kafka_err2str(code)), partition, Offset{offset}, out);
}

// `batch`: its first offset. If reading continued inside the batch, an operator has skipped it: search for its end.
void KafkaSource::on_unreadable(const Error& error, Partition partition, Offset batch, std::vector<SourceEvent>& out) {
  Owned& owned = owned_.at(partition);
  if (!owned.cursor.speaks_of_us()) return;
  if (owned.unreadable && owned.unreadable->begin() == batch) {
    if (batch < owned.cursor.next()) {
      (void)seek(partition, owned.unreadable->inside(owned.cursor.next(), end_offset(partition)));
      return;
    }
  } else if (!is_beyond_unreadable(partition, owned)) {
    return;
  }
  owned.unreadable.emplace(batch);
  owned.cursor.stop(PartitionCursor::State::UnreadableBatch, {});
  const auto limit = settings_.connection.extra.find("receive.message.max.bytes");
  out.push_back(UnreadableBatch{
      partition, std::max(batch, owned.cursor.next()),
      fmt::format("the record batch at offset {} cannot be unpacked ({}): if it unpacks beyond "
                  "kafka.receive.message.max.bytes ({}), raise that and restart; or skip the whole batch with "
                  "POST /skip and a later offset",
                  batch.value, error.text, limit != settings_.connection.extra.end() ? limit->second : "100000000")});
}

// Something other than the skipped batch is at the position. False: the end of the batch is not found yet, and reading
// continues at another offset.
bool KafkaSource::is_beyond_unreadable(Partition partition, Owned& owned) {
  if (!owned.unreadable) return true;
  if (owned.unreadable->searching()) {
    if (const auto next = owned.unreadable->outside(owned.cursor.next())) {
      (void)seek(partition, *next);
      return false;
    }
  }
  log_.emit(RecordBatchSkipped{settings_.topic, partition, owned.unreadable->begin(), owned.cursor.next()});
  owned.unreadable.reset();
  return true;
}

// The library's event about it waits behind messages, which nobody takes while the stream has enough to do.
void KafkaSource::report_fatal(std::vector<SourceEvent>& out) {
  std::array<char, 512> text{};
  const auto cause = rd_kafka_fatal_error(client_.get(), text.data(), text.size());
  if (cause == RD_KAFKA_RESP_ERR_NO_ERROR || std::exchange(fatal_reported_, true)) return;
  Error error = to_error(cause, text.data());
  error.kind = ErrorKind::Renew;
  const bool fenced = cause == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
  const bool by_itself = fenced && requests_->may_have_fenced_itself(!group_standing(client_.get()).member_id.empty());
  if (by_itself) log_.emit(FencedItself{settings_.consumer_group, instance_id_});
  out.push_back(SourceFault{std::move(error), false, fenced && !by_itself});
}

// Counts every error; only some are reported.
void KafkaSource::count(const ConsumerError& about) {
  metrics_.errors(rd_kafka_err2name(about.code)).add();
  if (about.code != RD_KAFKA_RESP_ERR__AUTHENTICATION) return;
  note_client_error(client_.get(), about.error);
  if (on_login_refused_) on_login_refused_();
}

void KafkaSource::report(const Error& error, std::vector<SourceEvent>& out, int32_t partition) {
  if (!reported_.is_due(error, partition, clock_.steady_now())) return;
  const auto code = static_cast<rd_kafka_resp_err_t>(error.code);
  // A new client would get no token either.
  const bool renewal_may_help = rule_for(code).renewal_may_help && !is_token_failure(error.text);
  out.push_back(SourceFault{error, renewal_may_help, false, is_about_connections(code)});
}

// Connections that were made before stay up without a token.
void KafkaSource::recover(std::vector<SourceEvent>& out) {
  if (!statistics_.leaders_connected() || lacks_token(client_.get())) return;
  if (reported_.clear_connections()) out.push_back(SourceRecovered{});
}

}  // namespace freshet::kafka

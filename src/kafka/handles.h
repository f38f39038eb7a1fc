// RAII owners of librdkafka's C handles.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace freshet::kafka {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* handle) const noexcept {
    Free(handle);
  }
};

// Counts a client's JoinGroup requests and their responses, and its OffsetCommit requests (kafka/commit_request.h).
// Threads: any.
struct GroupRequests {
  void note_assignment() {
    assigned = true;
    joins_at_assignment = joins_sent.load();
  }
  // Its FENCED_INSTANCE_ID need not mean that another process has its group.instance.id. `has_member_id`: as reported
  // by the client.
  bool may_have_fenced_itself(bool has_member_id) const {
    // A join whose connection broke may reach the broker behind the one that replaces it, and fences that.
    if (joins_unanswered > 0) return true;
    // A client whose session ends drops its member id. The broker fences a member that names itself by its instance id
    // alone in a heartbeat or commit (librdkafka's issue 3437).
    return assigned && !has_member_id && joins_sent == joins_at_assignment;
  }

  bool cooperative = false;  // a cooperative assignor is configured; constant once the client is created
  std::atomic<uint64_t> joins_sent{0};
  std::atomic<uint64_t> joins_answered{0};    // or given up
  std::atomic<uint64_t> joins_unanswered{0};  // given up: the connection broke, or they took too long
  std::atomic<uint64_t> joins_at_assignment{0};
  std::atomic<uint64_t> commits_begun{0};
  std::atomic<uint64_t> commits_sent{0};  // also those that the library repeats
  std::atomic<bool> assigned{false};      // it has received an assignment, possibly empty
};

// Waits for the library's threads and for all living messages; used only by the Reaper and by short-lived clients. A
// client that cannot be destroyed is closed and leaked: librdkafka before 2.3 aborts the process when it destroys a
// client that joined with the cooperative assignor and never got an assignment.
struct ClientFreed {
  void operator()(rd_kafka_t* client) const noexcept;
  std::shared_ptr<GroupRequests> requests{};  // updated by callbacks on the client's threads
};

struct TextFreed {
  void operator()(char* text) const noexcept { rd_kafka_mem_free(nullptr, text); }
};

using Client = std::unique_ptr<rd_kafka_t, ClientFreed>;
using Conf = std::unique_ptr<rd_kafka_conf_t, Freed<rd_kafka_conf_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Freed<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Freed<rd_kafka_event_destroy>>;
using FetchedMessage = std::unique_ptr<rd_kafka_message_t, Freed<rd_kafka_message_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Freed<rd_kafka_topic_partition_list_destroy>>;
using OnePartition = std::unique_ptr<rd_kafka_topic_partition_t, Freed<rd_kafka_topic_partition_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Freed<rd_kafka_topic_destroy>>;
using LibraryText = std::unique_ptr<char, TextFreed>;
using LibraryError = std::unique_ptr<rd_kafka_error_t, Freed<rd_kafka_error_destroy>>;
using HeaderList = std::unique_ptr<rd_kafka_headers_t, Freed<rd_kafka_headers_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Freed<rd_kafka_metadata_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Freed<rd_kafka_NewTopic_destroy>>;
using ConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, Freed<rd_kafka_ConfigResource_destroy>>;
using RecordDeletion = std::unique_ptr<rd_kafka_DeleteRecords_t, Freed<rd_kafka_DeleteRecords_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Freed<rd_kafka_AdminOptions_destroy>>;

}  // namespace freshet::kafka

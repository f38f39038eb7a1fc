// The name of a batch for insert_deduplication_token. ClickHouse takes an insert whose token it knows for a repetition
// and stores nothing of it, so that two different batches must never share a token.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"

namespace freshet::stream {

// Where the rows of a stream come from. The same offsets of another origin are other rows.
struct TokenScope {
  std::string cluster_id;  // of the Kafka cluster, as the broker says; empty = the broker is too old to say
  std::string topic;
  std::string consumer_group;
};

// Adds the rows of one message to the digest of many: its offset, timestamp and row bytes. The order of the messages
// and how they are cut into chunks do not matter. Threads: any; runs in the workers: about 70 ns a message
// and 0.25 ns a byte.
void add_to_digest(Hash128& digest, Partition partition, const MessageRows& message, std::string_view rows);
// Adds the digest of other messages.
void merge_digest(Hash128& digest, const Hash128& other);

// "topic:partition:first-last,...#HASH". The hash covers the scope, the column list and format, the spans and `digest`;
// the text before it is for people, and left out where it is longer than 160 characters, since the server keeps each
// token. The topic may be deleted and created again: its new messages have other timestamps or rows, and so another
// digest. The same messages at the same offsets give the same token in any process.
std::string insert_token(const TokenScope& scope, const RowLayout& layout, const std::vector<Span>& spans,
                         const Hash128& digest);

// Token of a part of a batch, from message index `begin` to `end` (exclusive). No token of a whole batch has this form.
std::string part_token(std::string_view batch_token, size_t begin, size_t end);

}  // namespace freshet::stream

// The value of ClickHouse's insert_deduplication_token for a batch. ClickHouse treats an insert with a known token as a
// duplicate and stores none of it, so two different batches must never share a token.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"
#include "model/message.h"

namespace freshet::stream {

// Where the rows of a stream come from. The same offsets with another scope are different rows.
struct TokenScope {
  std::string cluster_id;  // of the Kafka cluster; empty = the broker is too old to report it
  std::string topic;
  std::string consumer_group;
};

// Adds one message to a digest: its offset, timestamp and row bytes. The result depends neither on the order of the
// messages nor on how they are divided into chunks. Threads: any; runs in the workers, in about 70 ns per message plus
// 0.25 ns per byte.
void add_to_digest(Hash128& digest, Partition partition, const MessageRows& message, std::string_view rows);
// Adds the digest of a disjoint set of messages.
void merge_digest(Hash128& digest, const Hash128& other);

// Of a message: its position, timestamp, key and payload, whatever becomes of it. Threads: any; about 30 ns plus 0.25
// ns per byte.
uint32_t message_hash(Partition partition, const Message& message);
// Of a layout; never 0.
uint16_t layout_hash(const RowLayout& layout);

struct InsertToken {
  // "topic:partition:first-last,...#HASH". The text before the hash is for humans, and omitted if it exceeds 160
  // characters, because the server stores every token.
  std::string text;
  Hash128 hash;
};

// The hash covers the scope, format, column list, spans and `digest`. The same messages at the same offsets give the
// same token in any process. If the topic is deleted and recreated, the new messages have other timestamps or rows, and
// therefore another digest. A salt above 0 gives another token for the same rows.
InsertToken insert_token(const TokenScope& scope, const RowLayout& layout, const std::vector<Span>& spans,
                         const Hash128& digest, uint32_t salt = 0);

// The token with this hash that another process made for these spans.
InsertToken token_with_hash(const TokenScope& scope, const std::vector<Span>& spans, const Hash128& hash);

// The token of a part of a batch: messages [begin, end). It never equals the token of a whole batch.
std::string part_token(std::string_view batch_token, size_t begin, size_t end);

}  // namespace freshet::stream

#include "kafka/dead_letter_producer.h"

#include <string>
#include <string_view>
#include <utility>

#include "kafka/producer.h"

namespace freshet::kafka {
namespace {

void add_header(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
  rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                      static_cast<ssize_t>(value.size()));
}

class DeadLetterProducer final : public DeadLetters {
 public:
  DeadLetterProducer(const KafkaSettings& settings, std::unique_ptr<Producer> producer)
      : style_(settings.letter_headers), consumer_group_(settings.consumer_group), producer_(std::move(producer)) {}

  Status produce(const DeadLetter& letter, uint64_t ticket) override {
    HeaderList headers = headers_of(letter);
    Producer::Record record;
    if (letter.key) record.key = *letter.key;
    if (letter.payload) record.value = *letter.payload;
    record.headers = headers.get();
    Status produced = producer_->produce(record, ticket);
    if (produced) (void)headers.release();  // the record's now
    return produced;
  }

 private:
  HeaderList headers_of(const DeadLetter& letter) const {
    HeaderList headers(rd_kafka_headers_new(letter.headers.size() + 6));
    for (const auto& [name, value] : letter.headers) {
      rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()),
                          value ? value->data() : nullptr, value ? static_cast<ssize_t>(value->size()) : 0);
    }
    const bool all = style_ == LetterHeaders::Provenance;
    if (all) add_header(headers.get(), "original_topic", letter.topic);
    add_header(headers.get(), "original_partition", std::to_string(letter.partition.value));
    add_header(headers.get(), "original_offset", std::to_string(letter.offset.value));
    if (!all) return headers;
    add_header(headers.get(), "original_timestamp", std::to_string(letter.timestamp_ms));
    add_header(headers.get(), "reason", letter.reason);
    add_header(headers.get(), "consumer_group", consumer_group_);
    return headers;
  }

  const LetterHeaders style_;
  const std::string consumer_group_;
  const std::unique_ptr<Producer> producer_;
};

}  // namespace

Result<std::unique_ptr<DeadLetters>> open_dead_letters(const KafkaSettings& settings, DeadLetters::OnResult on_result,
                                                       Log& log, Metrics& metrics) {
  const ProducerSettings to{settings.dead_letter_topic, settings.dead_letter_connection.value_or(settings.connection)};
  auto producer = Producer::open(to, "dead letter", std::move(on_result), log, metrics);
  if (!producer) return tl::make_unexpected(producer.error());
  return std::make_unique<DeadLetterProducer>(settings, *std::move(producer));
}

}  // namespace freshet::kafka

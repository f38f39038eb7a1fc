#include "kafka/side_producer.h"

#include <utility>

#include "kafka/producer.h"

namespace freshet::kafka {
namespace {

class SideProducer final : public SideTopic {
 public:
  explicit SideProducer(std::unique_ptr<Producer> producer) : producer_(std::move(producer)) {}

  Status produce(const SideRecord& record, uint64_t ticket, uint64_t failures_seen) override {
    if (producer_->failures() != failures_seen) {
      return failure(ErrorKind::Retry, "earlier records were given back and go first");
    }
    Producer::Record out;
    if (record.key) out.key = *record.key;
    out.value = record.value;
    return producer_->produce(out, ticket);
  }
  void purge() override { producer_->purge_unsent(); }

 private:
  const std::unique_ptr<Producer> producer_;
};

}  // namespace

Result<std::unique_ptr<SideTopic>> open_side_topic(const ProducerSettings& settings, std::string_view what,
                                                   SideTopic::OnResult on_result, Log& log, Metrics& metrics) {
  auto producer = Producer::open(settings, what, std::move(on_result), log, metrics);
  if (!producer) return tl::make_unexpected(producer.error());
  return std::make_unique<SideProducer>(*std::move(producer));
}

}  // namespace freshet::kafka

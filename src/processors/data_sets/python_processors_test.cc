// Tests how settings and live options affect the data sets that Snuba processes in Python. The golden cases cover their
// rows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "processors/registry.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

using nlohmann::json;

class PythonProcessorsTest : public testing::Test {
 protected:
  PythonProcessorsTest() { clock_.advance(std::chrono::seconds(1'750'000'000)); }

  ProcessResult process(const std::string& name, const std::string& payload) {
    settings_.processor = name;
    const auto processor = (*make_factory(settings_, {&clock_, &metrics_, &options_}))();
    Message message;
    message.offset = Offset{9001};
    message.timestamp_ms = 1'715'933'360'000;
    message.payload = payload;
    std::string rows;
    processor->begin_chunk({"topic", Partition{3}}, {});
    ProcessResult result = processor->process({"topic", Partition{3}}, message, rows);
    row_ = result.kind == ProcessResult::Kind::Rows ? json::parse(rows) : json();
    return result;
  }
  ProcessResult transaction(const std::string& more_of_data = "", const std::string& more_of_event = "") {
    return process(
        "TransactionsMessageProcessor",
        fmt::format(R"([2,"insert",{{"event_id":"{0}","project_id":42,"platform":"x"{2},"data":{{)"
                    R"("type":"transaction","timestamp":{3},"start_timestamp":{3},"contexts":{{)"
                    R"("trace":{{"trace_id":"{0}","span_id":"a","op":"o","hash":"1","exclusive_time":9{4}}},)"
                    R"("os":{{"name":"L"}},"app":{{"start_type":"warm"}}}}{1}}}}}])",
                    kId, more_of_data, more_of_event, timestamp_, trace_));
  }
  ProcessResult occurrence(const std::string& more_of_data = "") {
    return process("SearchIssuesMessageProcessor",
                   fmt::format(R"([2,"insert",{{"organization_id":1,"project_id":2,"event_id":"{0}","group_id":3,)"
                               R"("platform":"x","primary_hash":"{0}","message":"","data":{{"received":{2},)"
                               R"("client_timestamp":{2}{1}}},"occurrence_data":{{"id":"{0}","type":1,)"
                               R"("fingerprint":[],"issue_title":"","detection_time":{2}}}}}])",
                               kId, more_of_data, timestamp_));
  }
  uint64_t counted(const char* name) { return metrics_.counter(name, "").value(); }

  static constexpr const char* kId = "4d2c7a5e0b1f4c3d9e8f7a6b5c4d3e2f";
  int64_t timestamp_ = 1'750'000'000;
  std::string trace_;  // additional members of a transaction's trace
  testkit::FakeClock clock_;
  Metrics metrics_;
  ProcessorsSettings settings_;
  Snapshot<LiveOptions> options_{LiveOptions()};
  json row_;
};

TEST_F(PythonProcessorsTest, ContextsOfAProjectMayStayOut) {
  settings_.python_rules.contexts_not_stored[42] = {"os", "app"};
  ASSERT_EQ(transaction().kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["contexts.key"], json({"trace.op"}));
  EXPECT_FALSE(row_.contains("app_start_type"));

  settings_.python_rules.contexts_not_stored = {{41, {"os"}}};
  ASSERT_EQ(transaction().kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["contexts.key"], json({"trace.op", "os.name"}));
  EXPECT_EQ(row_["app_start_type"], "warm");
}

TEST_F(PythonProcessorsTest, SpansEndAtTheLiveLimit) {
  LiveOptions options;
  options.processors.max_spans_per_transaction = 2;
  options_.set(options);
  const std::string span = R"({"op":"a","hash":"2","exclusive_time":1})";
  ASSERT_EQ(transaction(R"(,"spans":[{"op":"no record"},)" + span + "]").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["spans.op"], json({"a", "o"}));
  EXPECT_EQ(counted("freshet_transactions_spans_cut_total"), 0u);
  // Elements beyond the limit are not read.
  ASSERT_EQ(transaction(R"(,"spans":[)" + span + ",null,5]").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["spans.op"], json({"a", "o"}));
  EXPECT_EQ(counted("freshet_transactions_spans_cut_total"), 1u);
}

TEST_F(PythonProcessorsTest, EachStatusHasItsNumber) {
  const std::map<std::string, int> statuses = {{"ok", 0},
                                               {"cancelled", 1},
                                               {"unknown", 2},
                                               {"invalid_argument", 3},
                                               {"deadline_exceeded", 4},
                                               {"not_found", 5},
                                               {"already_exists", 6},
                                               {"permission_denied", 7},
                                               {"resource_exhausted", 8},
                                               {"failed_precondition", 9},
                                               {"aborted", 10},
                                               {"out_of_range", 11},
                                               {"unimplemented", 12},
                                               {"internal_error", 13},
                                               {"unknown_error", 13},
                                               {"unavailable", 14},
                                               {"data_loss", 15},
                                               {"unauthenticated", 16},
                                               {"OK", 2},
                                               {"ok ", 2},
                                               {"unauthenticate", 2},
                                               {"", 2}};
  for (const auto& [name, number] : statuses) {
    trace_ = fmt::format(R"(,"status":"{}")", name);
    ASSERT_EQ(transaction().kind, ProcessResult::Kind::Rows) << name;
    EXPECT_EQ(row_["transaction_status"], number) << name;
  }
  for (const char* other : {"0", "5", "true", "null", "{}", "[]", "0.5"}) {
    trace_ = fmt::format(R"(,"status":{})", other);
    ASSERT_EQ(transaction().kind, ProcessResult::Kind::Rows) << other;
    EXPECT_EQ(row_["transaction_status"], 2) << other;
  }
}

// A time that a DateTime column cannot hold is replaced by the current time.
TEST_F(PythonProcessorsTest, MomentsOutOfTheWindowAreNow) {
  timestamp_ = 1'750'003'700;  // 100 s from now
  ASSERT_EQ(transaction(R"(,"start_timestamp":-1)").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["start_ts"], "2025-06-15 16:06:40");
  EXPECT_EQ(row_["start_ms"], 0);
  EXPECT_EQ(row_["finish_ts"], "2025-06-15 16:08:20");
  EXPECT_EQ(row_["duration"], 100'000);
  ASSERT_EQ(transaction(R"(,"timestamp":4294967296.5,"start_timestamp":1750003590.25)").kind,
            ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["finish_ts"], "2025-06-15 16:06:40");
  EXPECT_EQ(row_["finish_ms"], 0);
  EXPECT_EQ(row_["duration"], 9750);
  ASSERT_EQ(occurrence(R"(,"start_timestamp":4294967296,"timestamp":1750003607.9)").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["transaction_duration"], 7000);
  ASSERT_EQ(occurrence(R"(,"start_timestamp":1750003599.9,"timestamp":-1)").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["transaction_duration"], 1000);
}

TEST_F(PythonProcessorsTest, OddTransactionsAreCounted) {
  const auto count = [&](const char* what) {
    return counted(fmt::format("freshet_transactions_{}_total", what).c_str());
  };
  ASSERT_EQ(
      transaction(R"(,"sdk":{"name":"n","version":"1"},"received":1)", R"(,"group_ids":[1,2,3,4,5,6,7,8,9,10])").kind,
      ProcessResult::Kind::Rows);
  for (const char* what : {"negative_duration", "group_ids_cut", "missing_sdk_name", "missing_sdk_version", "spans_cut",
                           "values_left_out", "missing_received"}) {
    EXPECT_EQ(count(what), 0u) << what;
  }
  ASSERT_EQ(
      transaction(R"(,"measurements":[],"start_timestamp":1750000000.5)", R"(,"group_ids":[1,2,3,4,5,6,7,8,9,10,11])")
          .kind,
      ProcessResult::Kind::Rows);
  for (const char* what : {"negative_duration", "group_ids_cut", "missing_sdk_name", "missing_sdk_version",
                           "values_left_out", "missing_received"}) {
    EXPECT_EQ(count(what), 1u) << what;
  }
}

TEST_F(PythonProcessorsTest, AgeCountsUnlessOldEventsAreKept) {
  timestamp_ -= 91 * 86'400;
  EXPECT_EQ(transaction().kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(occurrence().kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(transaction("", R"(,"retention_days":92)").kind, ProcessResult::Kind::Rows);
  settings_.python_rules.keep_old_events = true;
  EXPECT_EQ(transaction().kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(occurrence().kind, ProcessResult::Kind::Rows);
}

TEST_F(PythonProcessorsTest, RetentionIsEnforcedWhereThatIsAskedFor) {
  ASSERT_EQ(transaction("", R"(,"retention_days":45)").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["retention_days"], 45);
  settings_.python_rules.enforce_retention = true;
  ASSERT_EQ(transaction("", R"(,"retention_days":45)").kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["retention_days"], 90);
  settings_.environment = {20, 15, {15, 20}, {}, false};
  ASSERT_EQ(occurrence().kind, ProcessResult::Kind::Rows);  // 90 days of its own if the event has no value
  EXPECT_EQ(row_["retention_days"], 20);
}

TEST_F(PythonProcessorsTest, TheOlderGenerationRefusesARequestOfNull) {
  EXPECT_EQ(occurrence(R"(,"request":null)").kind, ProcessResult::Kind::Rows);
  settings_.june = true;
  EXPECT_EQ(occurrence(R"(,"request":null)").kind, ProcessResult::Kind::Invalid);
  EXPECT_EQ(occurrence().kind, ProcessResult::Kind::Rows);
}

TEST_F(PythonProcessorsTest, TheMillisecondsColumnIsWrittenAsEveryServerReadsIt) {
  ASSERT_EQ(occurrence().kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["timestamp_ms"], "1750000000.000");
  settings_.reference_ticks = true;
  ASSERT_EQ(occurrence().kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(row_["timestamp_ms"], 1'750'000'000'000);
}

TEST_F(PythonProcessorsTest, OriginIsTheSecondOfReceipt) {
  EXPECT_EQ(transaction(R"(,"received":1750000002.75)").origin_timestamp_ms, 1'750'000'002'000);
  EXPECT_EQ(transaction().origin_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(transaction(R"(,"received":4294967296)").origin_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(counted("freshet_transactions_missing_received_total"), 2u);
  EXPECT_EQ(occurrence().origin_timestamp_ms, kNoTimestamp);
}

TEST_F(PythonProcessorsTest, AnAbsentPayloadIsInvalid) {
  for (const char* name :
       {"TransactionsMessageProcessor", "SearchIssuesMessageProcessor", "GroupAttributesMessageProcessor"}) {
    settings_.processor = name;
    const auto processor = (*make_factory(settings_, {&clock_, &metrics_}))();
    std::string rows;
    EXPECT_EQ(processor->process({"topic", Partition{0}}, Message(), rows).kind, ProcessResult::Kind::Invalid) << name;
  }
}

TEST_F(PythonProcessorsTest, ContextsHaveALimitOfDepth) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(transaction(R"(,"extra":)" + nested(1000)).kind, ProcessResult::Kind::Rows);
  const auto with_context = [&](int depth) {
    return process("TransactionsMessageProcessor",
                   fmt::format(R"([2,"insert",{{"event_id":"{0}","project_id":42,"platform":"x","data":{{)"
                               R"("type":"transaction","timestamp":{2},"start_timestamp":{2},"contexts":{{"deep":{1},)"
                               R"("trace":{{"trace_id":"{0}","span_id":"a"}}}}}}}}])",
                               kId, nested(depth), timestamp_))
        .kind;
  };
  EXPECT_EQ(with_context(450), ProcessResult::Kind::Rows);
  EXPECT_EQ(with_context(600), ProcessResult::Kind::Invalid);
}

}  // namespace
}  // namespace freshet::processors

// Tests with real Python processes that run small classes.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "python_worker/frames.h"
#include "python_worker/python_processor.h"
#include "python_worker/worker_environment.h"
#include "testkit/child_process.h"

namespace freshet::python_worker {
namespace {

constexpr const char* kModule = R"PY(
import datetime, os, socket, time

class Batch:
    def __init__(self, rows, origin_timestamp):
        self.rows = rows
        self.origin_timestamp = origin_timestamp

class Sample:
    def process_message(self, message, metadata):
        what = message["do"]
        if what == "row":
            return [{"n": message["n"], "offset": metadata.offset, "partition": metadata.partition,
                     "at": metadata.timestamp, "text": "caf\u00e9\n"}]
        if what == "batch":
            return Batch([{"a": 1}, {"a": 2}], datetime.datetime(2026, 1, 2, 3, 4, 5))
        if what == "none":
            return None
        if what == "print":
            print("printed by the class")
            return []
        if what == "environment":
            return [{"names": sorted(os.environ), "descriptors": len(os.listdir("/proc/self/fd"))}]
        if what == "print much":
            for _ in range(100): print("x" * 9999)
            return []
        if what == "allocate":
            return [{"n": len(bytearray(1 << 30))}]
        if what == "raise":
            raise ValueError("no such thing")
        if what == "die":
            os._exit(3)
        if what == "hang":
            time.sleep(3600)
        if what == "garbage":
            socket.socket(fileno=os.dup(3)).sendall(b"\xff" * 64)
            return None
        if what == "die once":
            if not os.path.exists(message["mark"]):
                open(message["mark"], "w").close()
                os._exit(3)
            return [{"n": 1}]

class Broken:
    def __init__(self):
        raise RuntimeError("it cannot be made")
)PY";

class PythonProcessorTest : public testing::Test {
 protected:
  PythonProcessorTest() {
    std::ofstream(folder_.path("freshet_sample.py")) << kModule;
    setenv("PYTHONPATH", folder_.path().c_str(), 1);
    settings_.module = "freshet_sample";
    settings_.class_name = "Sample";
    settings_.timeout = std::chrono::seconds(60);
  }

  std::vector<ProcessResult> run(const std::vector<std::string>& payloads) {
    if (!processor_) {
      const auto factory = make_factory(settings_, clock_, null_log(), metrics_);
      EXPECT_TRUE(factory) << factory.error().text;
      processor_ = (*factory)();
    }
    std::vector<Message> messages(payloads.size());
    for (size_t i = 0; i < payloads.size(); ++i) {
      messages[i].offset = Offset{static_cast<int64_t>(10 + i)};
      messages[i].timestamp_ms = 1'767'323'045'000;
      messages[i].payload = payloads[i];
    }
    const MessageContext context{"topic", Partition{4}};
    processor_->begin_chunk(context, messages);
    std::vector<ProcessResult> results;
    rows_.clear();
    for (const Message& message : messages) results.push_back(processor_->process(context, message, rows_));
    return results;
  }
  uint64_t replaced() { return metrics_.counter("freshet_python_workers_replaced_total", "").value(); }

  testkit::TempFolder folder_;
  processors::PythonSettings settings_;
  RealClock clock_;
  Metrics metrics_;
  std::unique_ptr<Processor> processor_;
  std::string rows_;
};

constexpr const char* kRow = R"({"do":"row","n":1})";

TEST_F(PythonProcessorTest, RowsSkipsAndExceptionsOfOneBatch) {
  const auto results =
      run({kRow, R"({"do":"batch"})", R"({"do":"none"})", R"({"do":"raise"})", "no json", R"({"do":"print"})"});
  EXPECT_EQ(rows_,
            "{\"n\":1,\"offset\":10,\"partition\":4,\"at\":\"2026-01-02 03:04:05\",\"text\":\"caf\xC3\xA9\\n\"}\n"
            "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(results[0].row_count, 1u);
  EXPECT_EQ(results[0].origin_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(results[1].row_count, 2u);
  EXPECT_EQ(results[1].origin_timestamp_ms, 1'767'323'045'000);
  EXPECT_EQ(results[2].kind, ProcessResult::Kind::Skip);
  EXPECT_EQ(results[3].text, "ValueError: no such thing");
  EXPECT_EQ(results[4].kind, ProcessResult::Kind::Invalid);
  EXPECT_EQ(results[5].kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(replaced(), 0u);
}

// The class must not see the secrets of this process: it gets only variables that it needs or that an option names.
TEST_F(PythonProcessorTest, AClassHasNotTheWholeEnvironment) {
  EXPECT_EQ(worker_environment({"PATH=/bin", "FRESHET_SENTRY_DSN=x", "AWS_SECRET_ACCESS_KEY=x", "LC_ALL=C",
                                "SNUBA_SETTINGS=x", "SENTRY_DSN=x", "SNUBA_REDIS_PASSWORD=x", "CLICKHOUSE_HOST=x",
                                "OTHER=a=b", "SNUBA_REDIS=redis://:x@h:1/0", "SENTRY_URL=https://k@h/1"},
                               {}),
            (std::vector<std::string>{"PATH=/bin", "LC_ALL=C", "SNUBA_SETTINGS=x"}));
  EXPECT_EQ(worker_environment({"SNUBA_A=http://h/a@b", "SNUBA_B=a@b", "SNUBA_C=", "SNUBA_D=redis://u@h"}, {"SNUBA_D"}),
            (std::vector<std::string>{"SNUBA_A=http://h/a@b", "SNUBA_B=a@b", "SNUBA_C=", "SNUBA_D=redis://u@h"}));
  EXPECT_EQ(worker_environment({"SENTRY_DSN=x", "MY_A=x", "MY_B=x", "MINE=x"}, {"SENTRY_DSN", "MY_*"}),
            (std::vector<std::string>{"SENTRY_DSN=x", "MY_A=x", "MY_B=x"}));
  setenv("FRESHET_TEST_SECRET", "x", 1);
  setenv("FRESHET_TEST_NAMED", "x", 1);
  settings_.environment = {"FRESHET_TEST_NAMED"};
  run({R"({"do":"environment"})"});
  EXPECT_EQ(rows_.find("FRESHET_TEST_SECRET"), std::string::npos) << rows_;
  EXPECT_NE(rows_.find("FRESHET_TEST_NAMED"), std::string::npos) << rows_;
  EXPECT_NE(rows_.find("\"descriptors\":5}"), std::string::npos) << rows_;  // 0 to 3, and the one for listing
}

TEST_F(PythonProcessorTest, AClassThatTakesTooMuchMemoryMakesItsMessageInvalid) {
  settings_.memory_limit = 256 << 20;
  const auto results = run({R"({"do":"allocate"})", kRow});
  EXPECT_EQ(results[0].text, "MemoryError: ");
  EXPECT_EQ(results[1].kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(replaced(), 0u);
}

TEST_F(PythonProcessorTest, WhatAClassPrintsIsReadWhileItIsWaitedFor) {
  const auto results = run({R"({"do":"print much"})", kRow});
  EXPECT_EQ(results[0].kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(replaced(), 0u);
}

TEST_F(PythonProcessorTest, AMessageThatKillsItsWorkerIsInvalidTheOthersAreNot) {
  for (const char* poison : {R"({"do":"die"})", R"({"do":"garbage"})"}) {
    const auto results = run({kRow, poison, kRow});
    EXPECT_EQ(results[0].kind, ProcessResult::Kind::Rows) << poison;
    EXPECT_EQ(std::string_view(results[1].code), "python_worker") << poison;
    EXPECT_EQ(results[2].kind, ProcessResult::Kind::Rows) << poison;
  }
  EXPECT_EQ(replaced(), 4u);
}

TEST_F(PythonProcessorTest, AMessageThatHangsItsWorkerIsInvalid) {
  settings_.timeout = std::chrono::milliseconds(500);
  const auto results = run({R"({"do":"hang"})"});
  EXPECT_EQ(std::string_view(results[0].code), "python_worker");
  EXPECT_EQ(replaced(), 2u);
}

TEST_F(PythonProcessorTest, AMessageIsTriedAgainByTheNextWorker) {
  const auto results = run({R"({"do":"die once","mark":")" + folder_.path("mark") + "\"}"});
  EXPECT_EQ(results[0].kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(rows_, "{\"n\":1}\n");
  EXPECT_EQ(replaced(), 1u);
}

TEST_F(PythonProcessorTest, ABatchIsNoLargerThanTheQueueDepth) {
  settings_.max_queue_depth = 2;
  EXPECT_EQ(run({kRow, kRow, kRow, kRow, kRow}).size(), 5u);
  EXPECT_EQ(std::count(rows_.begin(), rows_.end(), '\n'), 5);
}

TEST_F(PythonProcessorTest, WhatWaitsForAWorkerCanBeInterrupted) {
  settings_.timeout = std::chrono::hours(1);
  run({kRow});
  const auto begun = clock_.steady_now();
  {
    std::jthread stopper([&] { processor_->interrupt(); });
    run({R"({"do":"hang"})"});
  }
  EXPECT_LT(clock_.steady_now() - begun, std::chrono::seconds(30));
}

TEST_F(PythonProcessorTest, WhatCannotWorkIsRefusedAtTheStart) {
  const auto refused = [&](const char* module, const char* name, const char* python) {
    auto settings = settings_;
    settings.module = module;
    settings.class_name = name;
    settings.python = python;
    const auto factory = make_factory(settings, clock_, null_log(), metrics_);
    return factory ? "" : factory.error().text;
  };
  EXPECT_NE(refused("freshet_sample", "Broken", "python3").find("it cannot be made"), std::string::npos);
  EXPECT_NE(refused("freshet_sample", "Missing", "python3").find("Missing"), std::string::npos);
  const std::string no_module = refused("no_such_module", "Sample", "python3");
  EXPECT_NE(no_module.find("No module named 'no_such_module'"), std::string::npos) << no_module;
  EXPECT_NE(no_module.find("PYTHONPATH"), std::string::npos) << no_module;
  EXPECT_EQ(no_module.find('\n'), std::string::npos) << "one line: " << no_module;
  EXPECT_NE(refused("freshet_sample", "Sample", "no-such-python").find("--python"), std::string::npos);
}

TEST(FramesTest, WhatIsNoAnswerIsRefused) {
  const auto refused = [](std::string_view body, size_t expected) {
    return !decode_replies(body, expected).has_value();
  };
  using namespace std::string_view_literals;
  EXPECT_FALSE(refused("\0\0\0\0"sv, 0));
  EXPECT_FALSE(refused("\1\0\0\0\1"sv, 1));
  EXPECT_FALSE(refused("\1\0\0\0\2\3\0\0\0why"sv, 1));
  EXPECT_TRUE(refused(""sv, 0));
  EXPECT_TRUE(refused("\1\0\0\0\1"sv, 2));
  EXPECT_TRUE(refused("\1\0\0\0\3"sv, 1));
  EXPECT_TRUE(refused("\1\0\0\0\1more"sv, 1));
  EXPECT_TRUE(refused("\1\0\0\0\2\xFF\xFF\xFF\xFFwhy"sv, 1));
  EXPECT_TRUE(refused("\1\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0{}"sv, 1));    // a row without its line feed
  EXPECT_TRUE(refused("\1\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0{}\n"sv, 1));  // two rows are one line
}

}  // namespace
}  // namespace freshet::python_worker

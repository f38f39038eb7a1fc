// A machine of AWS for tests: its variables, its files, its endpoints.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "aws/credentials.h"
#include "testkit/child_process.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::aws {

struct AwsForTest {
  // Answers with a body of JSON or text.
  void answer(const std::string& body, int status = 200) {
    server.next(testkit::FakeAnswer::foreign(status, "", body));
  }
  static std::string credentials(const std::string& access_key, const std::string& expires = "2026-12-01T00:00:00Z") {
    return fmt::format(
        R"({{"Code":"Success","AccessKeyId":"{}","SecretAccessKey":"secret-of-{}","Token":"session-of-{}",)"
        R"("Expiration":"{}"}})",
        access_key, access_key, access_key, expires);
  }
  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder.path(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  Environment environment() {
    return [this](const char* name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::string() : found->second;
    };
  }

  testkit::TempFolder folder;
  testkit::FakeClickHouse server;  // used as a plain HTTP server that records requests
  std::map<std::string, std::string> variables = {{"HOME", folder.path("")},
                                                  {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}};
};

}  // namespace freshet::aws

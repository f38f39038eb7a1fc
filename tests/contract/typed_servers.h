// Queries to the servers of tests that have columns of all types.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

#include "http/http_client.h"
#include "testkit/servers.h"

namespace freshet {

// With the settings that some types need. Returns the answer's body; a failed query fails the test.
template <typename Server>
std::string query_with_types(const Server& server, const std::string& sql) {
  constexpr bool kCurrent = std::is_same_v<Server, testkit::LocalClickHouse>;
  http::Request request;
  request.method = "POST";
  request.url = server.url() + "/?" +
                (kCurrent ? "allow_suspicious_low_cardinality_types=1&flatten_nested=0&enable_time_time64_type=1&"
                            "allow_experimental_nullable_tuple_type=1"
                          : "allow_experimental_low_cardinality_type=1");
  request.body = {sql};
  const auto response = http::Client({}).send(request);
  EXPECT_TRUE(response) << (response ? "" : response.error().text);
  if (!response) return {};
  EXPECT_EQ(response->status, 200) << sql << ": " << response->body;
  return response->body;
}

}  // namespace freshet

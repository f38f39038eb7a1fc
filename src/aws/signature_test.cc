#include "aws/signature.h"

#include <gtest/gtest.h>

namespace freshet::aws {
namespace {

// 2015-08-30T12:36:00Z, and the key of AWS's examples.
constexpr SystemTime kTime{std::chrono::seconds(1'440'938'160)};

Credentials example() {
  Credentials credentials;
  credentials.access_key = "AKIDEXAMPLE";
  credentials.secret_key = std::string("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  return credentials;
}

PresignedRequest example_request() {
  PresignedRequest request;
  request.host = "example.amazonaws.com";
  request.region = "us-east-1";
  request.service = "service";
  request.valid_for = std::chrono::seconds(3600);
  return request;
}

std::string signature_in(const std::string& url) { return url.substr(url.rfind('=') + 1); }

// The vectors are from AWS's signing test suite, https://github.com/awslabs/aws-c-auth (Apache-2.0),
// tests/aws-signing-test-suite/v4, the files query-signed-request.txt.
struct Vector {
  const char* name;
  const char* path;
  std::map<std::string, std::string> query;
  const char* signature;
};

TEST(SignatureTest, TheVectorsOfAwsAreSigned) {
  const std::string unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const std::vector<Vector> vectors = {
      {"get-vanilla-query", "/", {}, "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
      {"get-vanilla-query-unreserved",
       "/",
       {{unreserved, unreserved}},
       "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf"},
      {"get-vanilla-query-order-encoded",
       "/",
       {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\xE1\x88\xB4", "Value1"}},
       "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"},
      {"get-utf8", "/%E1%88%B4", {}, "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"},
  };
  for (const Vector& vector : vectors) {
    PresignedRequest request = example_request();
    request.path = vector.path;
    request.query = vector.query;
    EXPECT_EQ(signature_in(presigned_url(request, example(), kTime)), vector.signature) << vector.name;
  }
}

TEST(SignatureTest, TheUrlHasEveryParameter) {
  Credentials credentials = example();
  credentials.session_token = std::string("to/ken+=");
  EXPECT_TRUE(presigned_url(example_request(), credentials, kTime)
                  .starts_with("https://example.amazonaws.com/?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                               "&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request"
                               "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600"
                               "&X-Amz-Security-Token=to%2Fken%2B%3D&X-Amz-SignedHeaders=host&X-Amz-Signature="));
}

}  // namespace
}  // namespace freshet::aws

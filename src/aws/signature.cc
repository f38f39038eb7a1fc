#include "aws/signature.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <ctime>
#include <string_view>

#include "http/url.h"

namespace freshet::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kEnd = "aws4_request";

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

// 20150830T123600Z
std::string date_of(SystemTime now) {
  const std::time_t seconds = whole_seconds(now.time_since_epoch());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

// Sorted by the escaped names, as the signature needs it.
std::string escaped(const std::map<std::string, std::string>& query) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : query) sorted[http::escape(name)] = http::escape(value);
  std::string out;
  for (const auto& [name, value] : sorted) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

}  // namespace

std::string presigned_url(const PresignedRequest& request, const Credentials& credentials, SystemTime now) {
  const std::string time = date_of(now);
  const std::string day = time.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/{}/{}", day, request.region, request.service, kEnd);
  std::map<std::string, std::string> parameters = request.query;
  parameters["X-Amz-Algorithm"] = kAlgorithm;
  parameters["X-Amz-Credential"] = credentials.access_key + "/" + scope;
  parameters["X-Amz-Date"] = time;
  parameters["X-Amz-Expires"] = std::to_string(request.valid_for.count());
  parameters["X-Amz-SignedHeaders"] = "host";
  if (!credentials.session_token.empty()) {
    parameters["X-Amz-Security-Token"] = credentials.session_token.reveal();
  }
  const std::string query = escaped(parameters);
  const std::string canonical =
      fmt::format("GET\n{}\n{}\nhost:{}\n\nhost\n{}", request.path, query, request.host, hex(sha256("")));
  const std::string to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, scope, hex(sha256(canonical)));
  std::string key = "AWS4" + credentials.secret_key.reveal();
  for (const std::string_view part :
       {std::string_view(day), std::string_view(request.region), std::string_view(request.service), kEnd}) {
    key = hmac(key, part);
  }
  return fmt::format("https://{}{}?{}&X-Amz-Signature={}", request.host, request.path, query, hex(hmac(key, to_sign)));
}

}  // namespace freshet::aws

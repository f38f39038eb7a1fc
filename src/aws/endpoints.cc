#include "aws/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "aws/answers.h"
#include "aws/aws_settings.h"
#include "base/files.h"
#include "http/http_client.h"
#include "http/url.h"

namespace freshet::aws {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMostAnswer = 64 * 1024;
// For endpoints of this machine or its host.
constexpr milliseconds kLocalConnect{1000};
constexpr milliseconds kLocalRequest{2000};
constexpr milliseconds kServiceConnect{5000};
constexpr milliseconds kServiceRequest{10'000};

// Hosts that may be asked without TLS, besides loopback: ECS, EKS Pod Identity.
constexpr std::array<std::string_view, 3> kContainerHosts = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

http::ClientOptions local_client_options() {
  http::ClientOptions options;
  options.connect_timeout = kLocalConnect;
  options.max_response_bytes = kMostAnswer;
  options.use_proxy = false;  // a proxy would answer for its own machine
  return options;
}

tl::unexpected<Error> of_url(const std::string& url, const Error& error) {
  const auto parsed = http::parse_url(url);
  return failure(error.kind,
                 fmt::format("{}{} {}", parsed ? http::origin(*parsed) : "", parsed ? parsed->path : "", error.text));
}

Result<std::string> ask(http::Client& client, const http::Request& request, const std::stop_token& stop) {
  auto response = client.send(request, stop);
  if (!response) return tl::make_unexpected(response.error());
  if (response->status != 200) {
    return of_url(request.url, {ErrorKind::Retry, 0, fmt::format("answers with status {}", response->status)});
  }
  return std::move(response->body);
}

http::Request request_of(std::string_view method, std::string url, std::vector<std::string> headers) {
  http::Request request;
  request.method = method;
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.timeout = kLocalRequest;
  return request;
}

bool may_ask_without_tls(const std::string& host) {
  return http::is_loopback(host) ||
         std::find(kContainerHosts.begin(), kContainerHosts.end(), host) != kContainerHosts.end();
}

// Empty: no variable names one. The file is read for each request, because it is replaced while the process runs.
Result<std::string> container_token(const Environment& environment) {
  constexpr const char* kFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
  constexpr const char* kToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
  if (const std::string file = environment(kFile); !file.empty()) {
    auto token = read_secret(file);
    if (!token) return failure(ErrorKind::Retry, fmt::format("{}: {} {}", kFile, file, token.error().text));
    return token;
  }
  std::string text = environment(kToken);
  if (text.empty()) return text;
  auto token = as_secret(std::move(text));
  if (!token) return failure(ErrorKind::Retry, fmt::format("{} {}", kToken, token.error().text));
  return token;
}

// By the partition of AWS that the region is in.
std::string_view domain_of(std::string_view region) {
  struct Partition {
    std::string_view prefix;
    std::string_view domain;
  };
  constexpr std::array kPartitions = {
      Partition{"cn-", "amazonaws.com.cn"},    Partition{"eusc-", "amazonaws.eu"},
      Partition{"us-iso-", "c2s.ic.gov"},      Partition{"us-isob-", "sc2s.sgov.gov"},
      Partition{"eu-isoe-", "cloud.adc-e.uk"}, Partition{"us-isof-", "csp.hci.ic.gov"},
  };
  const auto found = std::find_if(kPartitions.begin(), kPartitions.end(),
                                  [&](const Partition& one) { return region.starts_with(one.prefix); });
  return found == kPartitions.end() ? "amazonaws.com" : found->domain;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find_first_of("\r\n")); }

}  // namespace

Result<std::optional<std::string>> container_url(const Environment& environment) {
  const std::string relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) {
    // Otherwise it could continue the name of the host, which gets a token.
    if (relative.front() != '/') {
      return failure(ErrorKind::Fatal, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with /");
    }
    return "http://169.254.170.2" + relative;
  }
  const std::string full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.empty()) return std::nullopt;
  const auto url = http::parse_url(full);
  if (!url) return failure(ErrorKind::Fatal, "AWS_CONTAINER_CREDENTIALS_FULL_URI: " + url.error().text);
  if (url->scheme != "https" && !may_ask_without_tls(url->host)) {
    return failure(ErrorKind::Fatal,
                   fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI: {} must be https, or http at a loopback address or "
                               "one of {}",
                               http::origin(*url), fmt::join(kContainerHosts, ", ")));
  }
  return full;
}

Result<Credentials> container_credentials(const std::string& url, const Environment& environment,
                                          const std::stop_token& stop) {
  const auto token = container_token(environment);
  if (!token) return tl::make_unexpected(token.error());
  std::vector<std::string> headers = {"Accept: application/json"};
  if (!token->empty()) headers.push_back("Authorization: " + *token);
  http::Client client(local_client_options());
  const auto answer = ask(client, request_of("GET", url, std::move(headers)), stop);
  if (!answer) return tl::make_unexpected(answer.error());
  auto credentials = credentials_in_json(*answer);
  if (!credentials) return of_url(url, credentials.error());
  credentials->source = "the container endpoint " + http::origin(*http::parse_url(url));
  return credentials;
}

std::optional<std::string> metadata_url(const Environment& environment) {
  const std::string disabled = environment("AWS_EC2_METADATA_DISABLED");
  if (disabled == "true" || disabled == "TRUE" || disabled == "True") return std::nullopt;
  std::string url = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty()) return url;
  const std::string mode = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  return mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

Result<Credentials> metadata_credentials(const std::string& url, const std::stop_token& stop) {
  constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
  http::Client client(local_client_options());
  const auto session =
      ask(client, request_of("PUT", url + "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds: 60"}), stop);
  if (!session) return tl::make_unexpected(session.error());
  const std::vector<std::string> headers = {"X-aws-ec2-metadata-token: " + first_line(*session)};
  const std::string roles = fmt::format("{}{}", url, kRoles);
  const auto role = ask(client, request_of("GET", roles, headers), stop);
  if (!role) return tl::make_unexpected(role.error());
  if (first_line(*role).empty()) return of_url(roles, {ErrorKind::Retry, 0, "names no role: the instance has none"});
  const std::string of_role = roles + http::escape(first_line(*role));
  const auto answer = ask(client, request_of("GET", of_role, headers), stop);
  if (!answer) return tl::make_unexpected(answer.error());
  auto credentials = credentials_in_json(*answer);
  if (!credentials) return of_url(of_role, credentials.error());
  credentials->source = fmt::format("the instance metadata, role {}", first_line(*role));
  return credentials;
}

// The network of this process may reach only the service of its own region, which need not be that of the cluster.
std::string token_service_url(const Environment& environment, const std::string& cluster_region) {
  if (std::string url = environment("AWS_ENDPOINT_URL_STS"); !url.empty()) return url;
  std::string region = cluster_region;
  for (const char* name : {"AWS_DEFAULT_REGION", "AWS_REGION"}) {
    if (std::string own = environment(name); region_fault(own).empty()) region = std::move(own);
  }
  return fmt::format("https://sts.{}.{}/", region, domain_of(region));
}

Result<Credentials> web_identity_credentials(const Environment& environment, const std::string& cluster_region,
                                             const std::stop_token& stop) {
  const std::string file = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  const std::string role = environment("AWS_ROLE_ARN");
  if (role.empty()) return failure(ErrorKind::Retry, "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not");
  const auto token = read_secret(file);
  if (!token) {
    return failure(ErrorKind::Retry, fmt::format("AWS_WEB_IDENTITY_TOKEN_FILE: {} {}", file, token.error().text));
  }
  const std::string session = environment("AWS_ROLE_SESSION_NAME");
  const std::string body = fmt::format(
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}&WebIdentityToken={}",
      http::escape(role), http::escape(session.empty() ? "freshet" : session), http::escape(*token));
  const std::string url = token_service_url(environment, cluster_region);
  http::ClientOptions options;
  options.connect_timeout = kServiceConnect;
  options.max_response_bytes = kMostAnswer;
  http::Client client(options);
  http::Request request = request_of("POST", url, {"Content-Type: application/x-www-form-urlencoded"});
  request.body = {body};
  request.timeout = kServiceRequest;
  auto response = client.send(request, stop);
  if (!response) return tl::make_unexpected(response.error());
  auto credentials = credentials_in_xml(response->body);
  if (!credentials) {
    return of_url(url,
                  {ErrorKind::Retry, 0, fmt::format("(status {}) {}", response->status, credentials.error().text)});
  }
  credentials->source = fmt::format("the web identity of {}", role);
  return credentials;
}

}  // namespace freshet::aws

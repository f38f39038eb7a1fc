#include "http/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <charconv>
#include <memory>

namespace freshet::http {
namespace {

struct UrlCleanup {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

std::string part(CURLU* url, CURLUPart what, unsigned int flags = 0) {
  char* raw = nullptr;
  if (curl_url_get(url, what, &raw, flags) != CURLUE_OK) return {};
  std::unique_ptr<char, decltype(&curl_free)> text(raw, &curl_free);
  return text.get();
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  std::unique_ptr<CURLU, UrlCleanup> handle(curl_url());
  if (!handle) return failure(ErrorKind::Retry, "out of memory");
  const std::string copy(text);
  const CURLUcode code = curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), 0);
  if (code != CURLUE_OK || text.find('\0') != std::string_view::npos) {
    return failure(ErrorKind::Fatal, std::string("not a URL (") + curl_url_strerror(code) +
                                         "); expected http://HOST:PORT or https://HOST:PORT");
  }
  Url url;
  url.scheme = part(handle.get(), CURLUPART_SCHEME);
  if (url.scheme != "http" && url.scheme != "https") {
    return failure(ErrorKind::Fatal, "URL scheme '" + url.scheme + "' is not supported; expected http or https");
  }
  url.host = part(handle.get(), CURLUPART_HOST);
  if (url.host.size() > 2 && url.host.front() == '[') url.host = url.host.substr(1, url.host.size() - 2);
  const std::string port = part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  url.path = part(handle.get(), CURLUPART_PATH);
  if (url.path.empty()) url.path = "/";
  url.query = part(handle.get(), CURLUPART_QUERY);
  url.user = part(handle.get(), CURLUPART_USER, CURLU_URLDECODE);
  url.password = part(handle.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  return url;
}

bool is_loopback(std::string_view host) {
  if (host.find('\0') != std::string_view::npos) return false;  // inet_pton() would ignore the rest
  const std::string text(host);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
  }
  return host == "localhost" || host.ends_with(".localhost");
}

std::string origin(const Url& url) {
  const bool v6 = url.host.find(':') != std::string::npos;
  return url.scheme + "://" + (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (unreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
}

std::string escape(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

}  // namespace freshet::http

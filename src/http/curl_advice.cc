#include "http/curl_advice.h"

#include <curl/curl.h>

namespace freshet::http {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string about_certificate(std::string_view text) {
  if (has(text, "self-signed") || has(text, "self signed")) {
    return "the server's certificate is self-signed, or its issuer is unknown: name the certificate, or that of its "
           "issuer, with --clickhouse-ca-file";
  }
  if (has(text, "expired")) return "the server's certificate has expired: renew it on the server";
  if (has(text, "not yet valid")) return "the server's certificate is not valid yet: check both clocks";
  if (has(text, "subject name") || has(text, "match")) {
    return "the certificate is for another host name: use a name that it contains";
  }
  return "the issuer of the server's certificate is unknown: name its certificate with --clickhouse-ca-file";
}

}  // namespace

std::string curl_advice(int code, std::string_view url, std::string_view text) {
  const bool tls = url.starts_with("https:");
  if (has(text, "CONNECT tunnel failed") || has(text, "Unsupported proxy")) {
    return "the proxy from https_proxy, http_proxy or all_proxy in the environment refuses the connection: correct "
           "the variable (with a login as USER:PASSWORD@), or name the host in no_proxy";
  }
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
      if (has(text, "wrong version number") || has(text, "packet length") || has(text, "unexpected eof")) {
        return "this port does not use TLS: use http://, or the port with TLS (ClickHouse's is usually 8443)";
      }
      return "";
    case CURLE_PEER_FAILED_VERIFICATION:
      return about_certificate(text);
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (!has(text, "HTTP/0.9")) return "";
      return tls ? "the response is not HTTP"
                 : "the response is not HTTP: perhaps the port expects TLS (use https://), or it is ClickHouse's "
                   "native port (HTTP is usually on 8123)";
    case CURLE_OUT_OF_MEMORY:  // libcurl also returns this if a line exceeds its buffer
      return "a header line of the response may be longer than 100 KiB: check which server answers";
    case CURLE_RECV_ERROR:
      if (!has(text, "reset")) return "";
      [[fallthrough]];
    case CURLE_GOT_NOTHING:
      return tls ? "" : "the connection was closed without a response: perhaps the port expects TLS (use https://)";
    case CURLE_COULDNT_CONNECT:
      return "no server listens there: start the server, or correct host and port";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the host name is unknown: correct it, or check DNS";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "the proxy's host name is unknown: correct http_proxy, https_proxy or all_proxy in the environment";
    default:
      return "";
  }
}

}  // namespace freshet::http

#include "http/curl_advice.h"

#include <curl/curl.h>

namespace freshet::http {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string about_certificate(std::string_view text) {
  if (has(text, "self-signed") || has(text, "self signed")) {
    return "the server's certificate is self-signed, or issued by nobody known here: name its certificate, or that of "
           "its "
           "issuer, with --clickhouse-ca-file";
  }
  if (has(text, "expired")) return "the server's certificate has expired: renew it on the server";
  if (has(text, "not yet valid")) return "the server's certificate is not valid yet: look at both clocks";
  if (has(text, "subject name") || has(text, "match")) {
    return "the certificate is for another host name: use a name that it holds";
  }
  return "the server's certificate is issued by nobody known here: name its issuer's certificate with "
         "--clickhouse-ca-file";
}

}  // namespace

std::string curl_advice(int code, std::string_view url, std::string_view text) {
  const bool tls = url.starts_with("https:");
  if (has(text, "CONNECT tunnel failed") || has(text, "Unsupported proxy")) {
    return "the proxy that https_proxy, http_proxy or all_proxy of the environment names does not let it through: "
           "correct "
           "the variable (a login stands in it as USER:PASSWORD@), or name the host in no_proxy";
  }
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
      if (has(text, "wrong version number") || has(text, "packet length") || has(text, "unexpected eof")) {
        return "this port does not speak TLS: use http://, or the port that does (ClickHouse's is usually 8443)";
      }
      return "";
    case CURLE_PEER_FAILED_VERIFICATION:
      return about_certificate(text);
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (!has(text, "HTTP/0.9")) return "";
      return tls ? "what answers is not HTTP"
                 : "what answers is not HTTP: perhaps the port speaks TLS (use https://), or it is ClickHouse's "
                   "native port (HTTP is usually on 8123)";
    case CURLE_OUT_OF_MEMORY:  // of a buffer of its own, too
      return "a line in the head of the answer may be longer than 100 KiB: look at what answers";
    case CURLE_RECV_ERROR:
      if (!has(text, "reset")) return "";
      [[fallthrough]];
    case CURLE_GOT_NOTHING:
      return tls ? "" : "the connection was closed without an answer: perhaps the port speaks TLS (use https://)";
    case CURLE_COULDNT_CONNECT:
      return "nothing takes connections there: start the server, or correct host and port";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the host name is unknown: correct it, or look at DNS";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "the proxy's host name is unknown: correct http_proxy, https_proxy or all_proxy of the environment";
    default:
      return "";
  }
}

}  // namespace freshet::http

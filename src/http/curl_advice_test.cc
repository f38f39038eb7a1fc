#include "http/curl_advice.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

namespace freshet::http {
namespace {

TEST(CurlAdviceTest, SaysWhatWouldBeRight) {
  const auto advises = [](int code, const char* url, const char* text, const char* part) {
    const std::string advice = curl_advice(code, url, text);
    EXPECT_NE(advice.find(part), std::string::npos) << text << ": " << advice;
  };
  advises(CURLE_SSL_CONNECT_ERROR, "https://h:8123", "error:0A00010B:SSL routines::wrong version number",
          "use http://");
  advises(CURLE_UNSUPPORTED_PROTOCOL, "http://h:8443", "Received HTTP/0.9 when not allowed", "use https://");
  advises(CURLE_GOT_NOTHING, "http://h:8443", "Empty reply from server", "use https://");
  advises(CURLE_PEER_FAILED_VERIFICATION, "https://h", "SSL certificate problem: self-signed certificate",
          "with --clickhouse-ca-file");
  advises(CURLE_PEER_FAILED_VERIFICATION, "https://h", "SSL certificate problem: certificate has expired", "expired");
  advises(CURLE_PEER_FAILED_VERIFICATION, "https://h",
          "SSL: no alternative certificate subject name matches target host name 'h'", "another host name");
  advises(CURLE_RECV_ERROR, "http://h:8443", "Recv failure: Connection reset by peer", "use https://");
  advises(CURLE_RECV_ERROR, "https://h", "CONNECT tunnel failed, response 407", "no_proxy");
  advises(CURLE_COULDNT_CONNECT, "http://h", "Unsupported proxy scheme for 'x://h'", "no_proxy");
  advises(CURLE_COULDNT_CONNECT, "http://h", "Connection refused", "start the server");
  advises(CURLE_COULDNT_RESOLVE_HOST, "http://h", "Could not resolve host: h", "DNS");
  advises(CURLE_COULDNT_RESOLVE_PROXY, "http://h", "Could not resolve proxy: p", "http_proxy");
  EXPECT_EQ(curl_advice(CURLE_RECV_ERROR, "http://h", "Illegal or missing hexadecimal sequence in chunked-encoding"),
            "");
  advises(CURLE_OUT_OF_MEMORY, "http://h", "Out of memory", "longer than 100 KiB");
}

}  // namespace
}  // namespace freshet::http

#include "admin/request_reader.h"

#include <fmt/format.h>

#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <utility>

namespace freshet::admin {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using View = beast::string_view;
using Errors = beast::error_code;

struct Kept {
  std::string_view name;
  std::optional<std::string> Request::*value;
};

// The headers that are used. Each may occur once.
constexpr std::array kKept{Kept{"host", &Request::host},
                           Kept{"origin", &Request::origin},
                           Kept{"sec-fetch-site", &Request::fetch_site},
                           Kept{"sec-fetch-mode", &Request::fetch_mode},
                           Kept{"authorization", &Request::authorization},
                           Kept{"content-type", &Request::content_type},
                           Kept{"x-freshet-request", &Request::freshet_request}};

struct Refused {
  std::string_view name;
  int status;
  const char* text;
};

// Headers that would require decoding or an interim response. RFC 9112, 6.3, specifies 411 for servers that require a
// length.
constexpr std::array kRefused{
    Refused{"transfer-encoding", 411, "send the body with a Content-Length and without Transfer-Encoding"},
    Refused{"content-encoding", 415, "send the body without Content-Encoding"},
    Refused{"expect", 417, "send the body without waiting: no Expect header"}};

bool same_name(View name, std::string_view known) { return beast::iequals(name, View(known.data(), known.size())); }

}  // namespace

// Uses Beast's parser without its message containers, so that unused headers cost no memory.
class RequestReader::Parser final : public http::basic_parser<true> {
 public:
  Parser() {
    header_limit(kMostHeadBytes);
    body_limit(kMostBodyBytes);
    eager(true);
  }

  Request request;
  std::optional<Response> refusal;

 private:
  void refuse(int status, std::string_view text, Errors& error) {
    refusal = Response::text(status, text);
    error = make_error_code(http::error::bad_value);
  }

  void on_request_impl(http::verb, View method, View target, int version, Errors&) override {
    request.method = std::string(method);
    request.path = normalised_path({target.data(), target.size()});
    authority_ = authority_of({target.data(), target.size()});
    request.is_http_1_0 = version == 10;
  }

  void on_field_impl(http::field, View name, View value, Errors& error) override {
    if (++headers_ > kMostHeaders) return refuse(431, fmt::format("more than {} headers", kMostHeaders), error);
    for (const Refused& one : kRefused) {
      if (same_name(name, one.name)) return refuse(one.status, one.text, error);
    }
    for (const Kept& one : kKept) {
      if (!same_name(name, one.name)) continue;
      auto& kept = request.*one.value;
      if (kept) return refuse(400, fmt::format("the header {} occurs twice", one.name), error);
      kept = std::string(value);
    }
  }

  void on_header_impl(Errors& error) override {
    if (!request.host && !request.is_http_1_0) refuse(400, "the header Host is missing", error);
    if (authority_) request.host = std::move(authority_);
  }

  size_t on_body_impl(View body, Errors&) override {
    request.body.append(body.data(), body.size());
    return body.size();
  }

  void on_response_impl(int, View, int, Errors&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, Errors&) override {}
  void on_chunk_header_impl(uint64_t, View, Errors&) override {}
  size_t on_chunk_body_impl(uint64_t, View body, Errors&) override { return body.size(); }
  void on_finish_impl(Errors&) override {}

  size_t headers_ = 0;
  std::optional<std::string> authority_;
};

namespace {

Response refusal_of(const Errors& error) {
  if (error == http::error::body_limit) {
    return Response::text(413, fmt::format("a body has at most {} bytes", kMostBodyBytes));
  }
  if (error == http::error::bad_version) return Response::text(505, "speak HTTP/1.1");
  return Response::text(400, fmt::format("this is not an HTTP request: {}", error.message()));
}

}  // namespace

RequestReader::RequestReader() : parser_(std::make_unique<Parser>()) {}
RequestReader::~RequestReader() = default;

const Request& RequestReader::request() const { return parser_->request; }
Request& RequestReader::request() { return parser_->request; }

RequestReader::Progress RequestReader::take(std::string_view bytes) {
  if (head_is_read_) {
    unread_.append(bytes);
    return read_body();
  }
  // The parser gets the head in one piece, because it applies the size limit to each piece separately.
  const size_t known = unread_.size();
  unread_.append(bytes.substr(0, kMostHeadBytes + kMostBodyBytes - known));
  const size_t end = unread_.find("\r\n\r\n", known < 3 ? 0 : known - 3);
  if (end != std::string::npos && end + 4 <= kMostHeadBytes) return read_head();
  if (end != std::string::npos || unread_.size() >= kMostHeadBytes) {
    return Response::text(431, fmt::format("request line and headers have at most {} bytes", kMostHeadBytes));
  }
  // Refuses bytes that cannot start an HTTP request at once; TLS starts with byte 22.
  if (!unread_.empty() && static_cast<unsigned char>(unread_.front()) < ' ' && unread_.front() != '\r') {
    return Response::text(400, "this is not an HTTP request; the admin server speaks plain HTTP, without TLS");
  }
  return NeedsMore{};
}

RequestReader::Progress RequestReader::read_head() {
  Errors error;
  parser_->eager(false);
  unread_.erase(0, parser_->put({unread_.data(), unread_.size()}, error));
  if (parser_->refusal) return *parser_->refusal;
  if (error) return refusal_of(error);
  if (parser_->is_done()) return IsRead{};
  head_is_read_ = true;
  return HeadIsRead{};
}

RequestReader::Progress RequestReader::read_body() {
  if (unread_.empty()) return NeedsMore{};
  Errors error;
  unread_.erase(0, parser_->put({unread_.data(), unread_.size()}, error));
  if (error) return refusal_of(error);
  if (parser_->is_done()) return IsRead{};
  return NeedsMore{};
}

}  // namespace freshet::admin

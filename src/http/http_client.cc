#include "http/http_client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "http/curl_advice.h"
#include "http/url.h"

namespace freshet::http {
namespace {

constexpr long kUploadBuffer = 256 * 1024;  // libcurl copies the body through this buffer; it fits the CPU cache
constexpr size_t kMaxHeadBytes = 256 * 1024;
constexpr int kMaxRedirects = 10;
constexpr int kPollMs = 1000;  // an upper bound; wake-ups and libcurl's timeouts end the wait earlier

// libcurl requires this once per process, from one thread, before the first handle is created.
void initialise_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(once);
}

struct EasyCleanup {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct MultiCleanup {
  void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
};
struct ListCleanup {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListCleanup>;

// Passes the pieces of a body to libcurl in sequence.
struct BodyReader {
  const std::vector<std::string_view>* pieces = nullptr;
  size_t piece = 0;
  size_t at = 0;

  size_t read(char* out, size_t room) noexcept {
    size_t done = 0;
    while (done < room && piece < pieces->size()) {
      const std::string_view from = (*pieces)[piece].substr(at);
      const size_t n = std::min(room - done, from.size());
      if (n > 0) std::memcpy(out + done, from.data(), n);
      done += n;
      at += n;
      if (n == from.size()) {
        ++piece;
        at = 0;
      }
    }
    return done;
  }
  void seek(size_t position) noexcept {
    piece = 0;
    at = 0;
    while (piece < pieces->size() && position >= (*pieces)[piece].size()) position -= (*pieces)[piece++].size();
    at = position;
  }
};

struct ResponseWriter {
  Response response;
  size_t limit = 0;
  size_t head_bytes = 0;  // of all responses to the request (informational and final) and of trailers
  bool head_too_large = false;
  bool too_large = false;
  bool head_complete = false;  // checked here because libcurl accepts a response that ends within its headers
};

size_t on_read(char* out, size_t size, size_t count, void* self) noexcept {
  return static_cast<BodyReader*>(self)->read(out, size * count);
}

// libcurl rewinds the body to repeat the request on a new connection if the kept-alive one was closed.
int on_seek(void* self, curl_off_t offset, int origin_of_offset) noexcept {
  if (origin_of_offset != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
  static_cast<BodyReader*>(self)->seek(static_cast<size_t>(offset));
  return CURL_SEEKFUNC_OK;
}

size_t on_body(char* data, size_t size, size_t count, void* self) noexcept {
  auto* writer = static_cast<ResponseWriter*>(self);
  const size_t bytes = size * count;
  if (writer->response.body.size() + bytes > writer->limit) {
    writer->too_large = true;
    return 0;
  }
  writer->response.body.append(data, bytes);
  return bytes;
}

size_t on_header(char* data, size_t size, size_t count, void* self) noexcept {
  auto* writer = static_cast<ResponseWriter*>(self);
  std::string_view line(data, size * count);
  writer->head_bytes += line.size();
  if (writer->head_bytes > kMaxHeadBytes) {
    writer->head_too_large = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) {  // a new response, for example after 100 Continue: drop the earlier headers
    writer->response.headers.clear();
    writer->response.trailers.clear();
    writer->head_complete = false;
    return size * count;
  }
  Headers& into = writer->head_complete ? writer->response.trailers : writer->response.headers;
  if (line == "\r\n" || line == "\n") writer->head_complete = true;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::string_view value = line.substr(colon + 1);
  const size_t first = value.find_first_not_of(" \t\r\n");
  value = first == std::string_view::npos ? std::string_view()
                                          : value.substr(first, value.find_last_not_of(" \t\r\n") - first + 1);
  into.insert_or_assign(std::move(name), std::string(value));
  return size * count;
}

int on_socket(void* retries, curl_socket_t socket, curlsocktype) noexcept {
  const int count = static_cast<int>(*static_cast<const uint32_t*>(retries));
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count,
             sizeof count);  // best effort: if it fails, the system's value applies
  return CURL_SOCKOPT_OK;
}

long whole_seconds(std::chrono::milliseconds time) { return std::max<long>(1, static_cast<long>(time.count() / 1000)); }

ErrorKind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
      return ErrorKind::Fatal;
    default:
      return ErrorKind::Retry;
  }
}

HeaderList header_list(const std::vector<std::string>& headers) {
  HeaderList list;
  // libcurl's "Expect: 100-continue" would cost a round trip, and a second with servers that ignore it.
  for (const char* own : {"Expect:", "Content-Type:"}) list.reset(curl_slist_append(list.release(), own));
  for (const std::string& header : headers) list.reset(curl_slist_append(list.release(), header.c_str()));
  return list;
}

// Prefixes the text with the host.
std::string of_host(const std::string& url, const std::string& text) {
  const Result<Url> parsed = parse_url(url);
  return (parsed ? origin(*parsed) + ": " : std::string()) + text;
}

bool legal(const std::string& text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos; }

// The library copies the text.
void set_text(CURL* handle, CURLoption option, const std::string& text) {
  curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
  curl_easy_setopt(handle, option, &blob);
}

}  // namespace

struct Client::Handles {
  std::unique_ptr<CURLM, MultiCleanup> multi;  // destroyed after the easy handle
  std::unique_ptr<CURL, EasyCleanup> easy;
  std::array<char, CURL_ERROR_SIZE> error{};
  bool use_proxy = true;

  void configure(const ClientOptions& options);
  void prepare(const Request& request, const std::string& url, std::chrono::milliseconds timeout,
               const HeaderList& headers, BodyReader& reader, ResponseWriter& writer);
  std::chrono::milliseconds taken() const;  // duration of the last transfer
  // The target of a redirect response, if it may be followed.
  std::optional<std::string> redirect(int status, const std::string& url) const;
  CURLcode transfer(const std::stop_token& stop);
  std::string describe(CURLcode code, const std::string& url) const;
};

void Client::Handles::configure(const ClientOptions& options) {
  CURL* const h = easy.get();
  use_proxy = options.use_proxy;
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);  // do not wait for a DNS lookup in libcurl's thread on a stop
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(h, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(h, CURLOPT_TCP_KEEPIDLE, whole_seconds(options.tcp_keepalive));
  curl_easy_setopt(h, CURLOPT_TCP_KEEPINTVL, whole_seconds(options.tcp_keepalive_interval));
  curl_easy_setopt(h, CURLOPT_MAXAGE_CONN, whole_seconds(options.idle_timeout));
  if (options.tcp_keepalive_retries > 0) {  // CURLOPT_TCP_KEEPCNT needs libcurl 8.9
    curl_easy_setopt(h, CURLOPT_SOCKOPTFUNCTION, &on_socket);
    curl_easy_setopt(h, CURLOPT_SOCKOPTDATA, &options.tcp_keepalive_retries);
  }
  if (!options.accept_encoding.empty()) curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, options.accept_encoding.c_str());
  curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, error.data());
  if (!options.ca_file.empty()) curl_easy_setopt(h, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.cert_file.empty()) curl_easy_setopt(h, CURLOPT_SSLCERT, options.cert_file.c_str());
  if (!options.key_file.empty()) curl_easy_setopt(h, CURLOPT_SSLKEY, options.key_file.c_str());
  if (!options.cert_pem.empty()) set_text(h, CURLOPT_SSLCERT_BLOB, options.cert_pem);
  if (!options.key_pem.empty()) set_text(h, CURLOPT_SSLKEY_BLOB, options.key_pem);
  curl_easy_setopt(h, CURLOPT_READFUNCTION, &on_read);
  curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, &on_seek);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, &on_header);
}

void Client::Handles::prepare(const Request& request, const std::string& url, std::chrono::milliseconds timeout,
                              const HeaderList& headers, BodyReader& reader, ResponseWriter& writer) {
  CURL* const h = easy.get();
  const std::string method(request.method);
  const size_t bytes = std::accumulate(request.body.begin(), request.body.end(), size_t{0},
                                       [](size_t sum, std::string_view piece) { return sum + piece.size(); });
  if (bytes > 0 || request.method == "POST") {
    curl_easy_setopt(h, CURLOPT_POST, 1L);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, nullptr);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(bytes));
  } else {
    curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
  }
  curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(h, CURLOPT_URL, url.c_str());
  const Result<Url> target = parse_url(url);
  const bool direct = !use_proxy || (target && is_loopback(target->host));
  curl_easy_setopt(h, CURLOPT_PROXY, direct ? "" : nullptr);  // null: from the environment
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, std::max<long>(1, static_cast<long>(timeout.count())));
  curl_easy_setopt(h, CURLOPT_READDATA, &reader);
  curl_easy_setopt(h, CURLOPT_SEEKDATA, &reader);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, &writer);
  curl_easy_setopt(h, CURLOPT_HEADERDATA, &writer);
  error[0] = '\0';
}

// CURLE_ABORTED_BY_CALLBACK means that `stop` was requested.
CURLcode Client::Handles::transfer(const std::stop_token& stop) {
  if (curl_multi_add_handle(multi.get(), easy.get()) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  {
    const std::stop_callback wake(stop, [m = multi.get()]() noexcept { curl_multi_wakeup(m); });
    int running = 1;
    while (!stop.stop_requested()) {
      if (curl_multi_perform(multi.get(), &running) != CURLM_OK) {
        result = CURLE_FAILED_INIT;
        break;
      }
      int left = 0;
      const CURLMsg* message = curl_multi_info_read(multi.get(), &left);
      if (message != nullptr && message->msg == CURLMSG_DONE) {
        result = message->data.result;
        break;
      }
      curl_multi_poll(multi.get(), nullptr, 0, kPollMs, nullptr);
    }
  }
  curl_multi_remove_handle(multi.get(), easy.get());  // closes the connection of an unfinished transfer
  return result;
}

std::chrono::milliseconds Client::Handles::taken() const {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_TOTAL_TIME_T, &microseconds);
  return std::chrono::milliseconds(microseconds / 1000);
}

std::optional<std::string> Client::Handles::redirect(int status, const std::string& url) const {
  if (status != 301 && status != 302 && status != 307 && status != 308) return std::nullopt;  // 303 would need a GET
  char* location = nullptr;  // owned by the easy handle
  if (curl_easy_getinfo(easy.get(), CURLINFO_REDIRECT_URL, &location) != CURLE_OK || location == nullptr) {
    return std::nullopt;
  }
  const Result<Url> from = parse_url(url);
  const Result<Url> to = parse_url(location);
  if (!from || !to || origin(*from) != origin(*to) || !to->user.empty() || !to->password.empty()) return std::nullopt;
  return std::string(location);
}

std::string Client::Handles::describe(CURLcode code, const std::string& url) const {
  const std::string text = error[0] != '\0' ? error.data() : curl_easy_strerror(code);
  const std::string advice = curl_advice(code, url, text);
  return of_host(url, text + (advice.empty() ? "" : "; " + advice));
}

std::string_view Response::header(std::string_view lower_case_name) const {
  const auto it = headers.find(lower_case_name);
  return it == headers.end() ? std::string_view() : std::string_view(it->second);
}

bool may_refuse_certificate(int curl_code) {
  switch (curl_code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return true;
    default:
      return false;
  }
}

Client::Client(ClientOptions options)
    : options_(std::make_unique<const ClientOptions>(std::move(options))), handles_(std::make_unique<Handles>()) {
  initialise_curl();
  handles_->multi.reset(curl_multi_init());
  handles_->easy.reset(curl_easy_init());
  if (handles_->multi && handles_->easy) handles_->configure(*options_);
}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Response> Client::send(const Request& request, std::stop_token stop) {
  if (!handles_->multi || !handles_->easy) return failure(ErrorKind::Retry, "libcurl: out of memory");
  if (stop.stop_requested()) return failure(ErrorKind::Stopping, "stopping");
  if (!std::all_of(request.headers.begin(), request.headers.end(), legal)) {
    return failure(ErrorKind::Fatal, "a header contains a line break or NUL (user name or password?)");
  }
  std::chrono::milliseconds left = request.timeout;
  std::string url = request.url;
  for (int redirects = 0;; ++redirects) {
    Result<Response> answer = send_once(request, url, left, stop);
    if (!answer || !options_->follow_redirects || redirects == kMaxRedirects) return answer;
    std::optional<std::string> next = handles_->redirect(answer->status, url);
    if (!next) return answer;
    url = *std::move(next);
    left -= handles_->taken();
  }
}

Result<Response> Client::send_once(const Request& request, const std::string& url, std::chrono::milliseconds timeout,
                                   const std::stop_token& stop) {
  const HeaderList headers = header_list(request.headers);
  BodyReader reader{&request.body};
  ResponseWriter writer;
  writer.limit = options_->max_response_bytes;
  handles_->prepare(request, url, timeout, headers, reader, writer);
  const CURLcode code = handles_->transfer(stop);
  if (code == CURLE_ABORTED_BY_CALLBACK) return failure(ErrorKind::Stopping, "stopping");
  if (writer.head_too_large) {
    return failure(ErrorKind::Retry, of_host(url, "headers and trailers of the response are larger than 256 KiB"));
  }
  if (writer.too_large) {
    return failure(ErrorKind::Retry, of_host(url, "the response is larger than " +
                                                      std::to_string(options_->max_response_bytes) + " bytes"));
  }
  if (code != CURLE_OK) return failure(kind_of(code), handles_->describe(code, url), static_cast<int>(code));
  if (!writer.head_complete) {
    return failure(ErrorKind::Retry, of_host(url, "the connection was closed within the headers of the response"),
                   CURLE_PARTIAL_FILE);
  }
  long status = 0;
  curl_easy_getinfo(handles_->easy.get(), CURLINFO_RESPONSE_CODE, &status);
  writer.response.status = static_cast<int>(status);
  return std::move(writer.response);
}

}  // namespace freshet::http

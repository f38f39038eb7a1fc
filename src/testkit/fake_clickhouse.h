// A fake ClickHouse: an HTTP server in this process that returns configured answers and stores the rows of inserts.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "testkit/http_wire.h"
#include "testkit/socket.h"

namespace freshet::testkit {

// A request as the client sent it.
struct FakeRequest {
  std::string target;
  std::map<std::string, std::string> parameters;  // of the URL, decoded
  std::map<std::string, std::string> headers;     // names in lower case
  std::string raw_body;                           // as sent
  std::string body;                               // decompressed if decompress=1
};

struct FakeAnswer {
  enum class How {
    Answer,          // with status, headers and body below
    DropAtOnce,      // close before reading
    CloseMidBody,    // reset while the client sends
    LoseAnswer,      // read the request, close without an answer
    CloseMidAnswer,  // send half of the answer, close
    Hang,            // never answer
  };
  How how = How::Answer;
  int status = 200;
  std::string headers;  // "Name: value\r\n" each
  std::string body;
  bool stores = true;           // stores the rows of an insert
  std::string raw;              // if not empty: the whole answer as sent on the wire
  bool from_clickhouse = true;  // includes the header that every ClickHouse answer has

  static FakeAnswer of(How how, bool stores);
  // From a server that is not ClickHouse; stores nothing.
  static FakeAnswer foreign(int status, std::string headers, std::string body);
  // In the form of a current server (header and body), or of 18.16 (body only).
  static FakeAnswer exception(int code, std::string_view text, int status = 500);
  static FakeAnswer old_exception(int code, std::string_view text, int status = 500);
};

// Acts like a table with a deduplication window: acknowledges rows with a known insert_deduplication_token without
// storing them again. Threads: any.
class FakeClickHouse {
 public:
  FakeClickHouse() : server_([this](Fd fd, const StopFlag& stop) { serve(std::move(fd), stop); }) {}

  uint16_t port() const { return server_.port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }

  // Queued answers are used first, one per request; then `otherwise` (by default 200, stores).
  void next(FakeAnswer answer, size_t times = 1);
  void otherwise(FakeAnswer answer);

  std::vector<FakeRequest> requests() const;  // completely received ones, in order of arrival
  std::string stored_rows() const;            // bodies of stored inserts, concatenated
  size_t stored_inserts() const;
  size_t connections() const;
  // Waits until `count` requests were received as far as their answers want: requests() has them if they are whole.
  // Their answers may not be sent yet. False after `timeout`.
  bool wait_for_requests(size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;

 private:
  void serve(Fd fd, const StopFlag& stop);
  bool serve_request(WireReader& reader, Fd& fd, const StopFlag& stop);
  bool receive(WireReader& reader, Fd& fd, WireMessage& message, const FakeAnswer& answer);
  bool send_answer(Fd& fd, const StopFlag& stop, const FakeAnswer& answer);
  FakeAnswer take_answer();
  void count_received();
  void keep(FakeRequest request, bool store);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<FakeAnswer> queue_;  // all guarded by mutex_
  FakeAnswer otherwise_;
  std::vector<FakeRequest> requests_;
  std::string stored_rows_;
  size_t stored_inserts_ = 0;
  size_t connections_ = 0;
  size_t received_ = 0;
  std::set<std::string> tokens_;
  LoopbackServer server_;  // last: its threads use all of the above
};

// Decompresses ClickHouse's blocks; throws std::runtime_error for other data. Does not verify checksums, which the real
// servers of the contract tests do.
std::string decode_blocks(std::string_view blocks);

}  // namespace freshet::testkit

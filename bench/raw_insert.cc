// raw-insert BOOTSTRAP TOPIC GROUP MESSAGES PORT lz4|none: what the checks and the inserts of freshet cost without the
// rest of it. Reads messages like bare-consumer, checks each one's JSON syntax, UTF-8 and depth, and sends the payloads
// as they are to 127.0.0.1:PORT, as many in an insert as freshet does. Reads no field, writes no row, handles no error
// and commits no offset. It has one thread, so it pays for no second one.
#include <httplib.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "batch_consumer.h"
#include "clickhouse/block_encoder.h"
#include "processors/json/json_reader.h"

namespace {

using namespace freshet;

// freshet's defaults (--max-batch-size, --max-batch-bytes).
constexpr size_t kRowsPerInsert = 50'000;
constexpr size_t kBlocksPerInsert = 64;

class Inserts {
 public:
  Inserts(int port, bool compressed) : client_("127.0.0.1", port), compressed_(compressed) {
    client_.set_keep_alive(true);
    client_.set_tcp_nodelay(true);
    begin();
  }

  // False: the message is not valid, or the server refused an insert.
  bool add(std::string_view payload) {
    if (blocks_[used_].size() + payload.size() + 1 > kBlockBytes) next_block();
    if (!copy_and_check(payload, blocks_[used_])) return false;
    ++count_;
    return (count_ < kRowsPerInsert && made_ < kBlocksPerInsert) || send();
  }

  bool send() {
    if (count_ == 0) return true;
    next_block();
    const clickhouse::Body body = compressed_ ? encoder_.assemble(frames_) : plain();
    const auto send_part = [&, part = size_t{0}](size_t offset, size_t, httplib::DataSink& sink) mutable {
      if (offset == 0) part = 0;  // the library may begin again with a new connection
      const std::string_view bytes = body[part++];
      return sink.write(bytes.data(), bytes.size());
    };
    const auto answer =
        client_.Post("/?query=INSERT", clickhouse::size_of(body), send_part, "application/octet-stream");
    begin();
    return answer && answer->status == 200;
  }

 private:
  static constexpr size_t kBlockBytes = clickhouse::BlockEncoder::kBlockBytes;

  void begin() {
    frames_.clear();
    encoder_.begin();
    used_ = made_ = count_ = 0;
    start_block();
  }

  // Blocks keep their memory.
  void start_block() {
    if (used_ == blocks_.size()) blocks_.emplace_back().reserve(kBlockBytes + Message::kPadding);
    blocks_[used_].clear();
  }

  void next_block() {
    ++made_;
    if (compressed_) {
      encoder_.frame(blocks_[used_], frames_);
    } else {
      ++used_;
    }
    start_block();
  }

  clickhouse::Body plain() const { return {blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(used_)}; }

  // Checks the copy, because padding is behind it: no other copy is needed.
  bool copy_and_check(std::string_view payload, std::string& block) {
    const size_t begin = block.size();
    block += payload;
    block.append(Message::kPadding, '\0');
    json_.open_padded(std::string_view(block).substr(begin, payload.size()));
    const bool valid = json_.check() && json_.finish();
    block.resize(begin + payload.size());
    block += '\n';
    return valid;
  }

  httplib::Client client_;
  const bool compressed_;
  processors::JsonReader json_;
  clickhouse::BlockEncoder encoder_{clickhouse::Compression::Lz4};
  std::vector<std::string> blocks_;  // payloads, one a line
  size_t used_ = 0;                  // of blocks_, before the one that is filled
  size_t made_ = 0;                  // blocks of this insert
  std::vector<columns::BlockPiece> frames_;
  size_t count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  Inserts inserts(std::atoi(argv[5]), std::string_view(argv[6]) == "lz4");
  bool good = true;
  const size_t bytes = bench::consume(argv[1], argv[2], argv[3], std::atoll(argv[4]),
                                      [&](std::string_view payload) { good = inserts.add(payload) && good; });
  good = inserts.send() && good;
  std::printf("%s messages, %zu bytes%s\n", argv[4], bytes, good ? "" : ", not all of them inserted");
  return good ? 0 : 1;
}

// Arbitrary bytes as a Python worker's response: no part of the decoded response may be outside of them.
#include <cstdlib>

#include "python_worker/frames.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet::python_worker;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  (void)check_hello(body);
  const auto replies = decode_replies(body, 2);
  if (!replies) return 0;
  for (const WorkerReply& reply : *replies) {
    for (const std::string_view part : {reply.rows, reply.reason}) {
      if (!part.empty() && (part.data() < body.data() || part.data() + part.size() > body.data() + body.size()))
        std::abort();
    }
  }
  return 0;
}

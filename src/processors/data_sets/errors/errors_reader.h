// Reads the event of an errors message.
#pragma once

#include "processors/data_sets/errors/errors_event.h"
#include "processors/json/json_reader.h"
#include "processors/values/generated_values.h"
#include "processors/values/text_coercions.h"

namespace freshet::processors {

// Parses everything, including unknown fields (docs/snuba-data-sets.md, 2). Threads: one.
class ErrorsReader {
 public:
  ErrorsReader(JsonReader& json, const GeneratedValues& values) : json_(json), texts_(json), values_(values) {}

  // Reads the next value into `event`, which is cleared first. False: the reader has the error.
  bool read(ErrorEvent& event);

 private:
  bool body_field(int field);
  bool data();
  bool data_field(int field);
  bool contexts();
  bool container(const JsonString& name);
  bool entries(size_t& begin, size_t& end);
  bool flag();
  bool replay();
  bool trace();
  bool trace_field(int field, const JsonString& key);
  bool exception_value();
  bool stacktrace();
  bool frame();
  bool frame_field(int field, ErrorFrame& frame);
  bool mechanism(ErrorException& exception);
  bool thread();
  bool thread_id(std::optional<ThreadId>& out);
  bool tag();
  bool modules();
  bool request();
  bool header(bool& found);
  bool sdk();
  bool user();
  bool user_field(int field);
  bool datetime(uint64_t& out);
  bool tolerant_u32(std::optional<uint32_t>& out);

  JsonReader& json_;
  TextCoercions texts_;
  const GeneratedValues& values_;
  ErrorEvent* event_ = nullptr;
};

}  // namespace freshet::processors

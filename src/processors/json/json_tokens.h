// Finds the tokens of a JSON text, 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace freshet::processors {

// What is in 64 bytes: a bit for each; bit 0 is the first.
struct JsonBlock {
  uint64_t quotes;
  uint64_t backslashes;
  uint64_t controls;     // below 0x20
  uint64_t white_space;  // what JSON allows between values
  uint64_t punctuation;  // {}[]:, and perhaps controls that are no white space
  uint64_t high;         // not ASCII
};

// Tokens are: punctuation; both quotes of a string, and between them the backslash of each escape, and control
// characters; elsewhere the first character of anything else (a number, a literal, or an error), and control characters
// that are no white space. The text ends with a NUL, which therefore is a token. After a token that is an error, what
// is found has no meaning.
class JsonTokens {
 public:
  static constexpr size_t kBlock = 64;

  // The code for one kind of machine.
  struct Code {
    const char* name;
    uint64_t (*of)(JsonTokens& tokens, const char* at);
  };
  // What this machine can run, the best first and "portable" last.
  static std::span<const Code> codes();

  // Not before main().
  JsonTokens() : of_(kBest) {}
  explicit JsonTokens(const Code& code) : of_(code.of) {}

  // A bit for each of the 64 bytes at `at`, set for a token. The first call is for a place outside of strings, and each
  // other for what follows the block of the one before.
  uint64_t of(const char* at) { return of_(*this, at); }

  // For long strings: inside of one, after a block without tokens, returns the last one of such blocks.
  const char* pass_plain(const char* block);

  // Whether there may have been a byte that is not ASCII since the block that was the last one at forget_high().
  bool high() const { return high_ != 0; }
  void forget_high() { high_ = block_high_; }

  // For the code of each machine, which calls one after the other.
  uint64_t take_quotes(const JsonBlock& block);
  // `odd`: for each bit, whether an odd number of quotes is set up to and including it.
  uint64_t tokens(const JsonBlock& block, uint64_t quotes, uint64_t odd);

 private:
  uint64_t find_escapes(uint64_t backslashes) const;

  static uint64_t (*const kBest)(JsonTokens& tokens, const char* at);

  uint64_t (*of_)(JsonTokens& tokens, const char* at);
  uint64_t high_ = 0;
  uint64_t block_high_ = 0;
  uint64_t escapes_ = 0;
  // What a block leaves to the next one.
  uint64_t escaped_ = 0;      // bit 0: its last byte escapes the first one
  uint64_t in_string_ = 0;    // all bits: its end is inside of a string
  uint64_t after_other_ = 0;  // bit 0: its last byte belongs to a number or a literal
};

}  // namespace freshet::processors

// What `freshet check` found.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret_mask.h"
#include "secrets/secret_store.h"

namespace freshet::app {

// Prints each finding at once: a line of text, or a line with a JSON object. Masks secrets, which servers may quote in
// their errors. `out` must outlive the object.
class CheckReport {
 public:
  CheckReport(std::ostream& out, bool json, const std::vector<std::string>& secrets, Clock& clock);
  void good(const std::string& text);
  void warning(const std::string& text);
  void bad(const std::string& text);
  int status() const { return failed_ == 0 ? 0 : 1; }  // the exit status
  secrets::SecretStore* secrets() { return store_.get(); }

 private:
  struct Label {
    const char* text;
    const char* json;
  };
  void print(Label label, const std::string& text);

  std::ostream& out_;
  const bool json_;
  SecretMask secrets_;
  secrets::PlainSecretStore store_;
  int failed_ = 0;
};

}  // namespace freshet::app

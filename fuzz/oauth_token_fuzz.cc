// Arbitrary bytes as a token, as a shared file of AWS and as an answer of its endpoints: claims are within their
// limits, and credentials are complete and of one line. A token is made of each.
#include <cstdlib>
#include <string_view>

#include "aws/answers.h"
#include "aws/msk_token.h"
#include "aws/shared_files.h"
#include "base/files.h"
#include "kafka/token_source.h"

namespace {

using freshet::Result;
using freshet::aws::Credentials;

void use(const Result<Credentials>& found) {
  if (!found) return;
  if (found->access_key.empty() || found->secret_key.empty()) std::abort();
  if (!freshet::is_one_line(found->access_key + found->secret_key.reveal() + found->session_token.reveal())) {
    std::abort();
  }
  const auto token = freshet::aws::sign_msk_token(*found, "eu-west-1", freshet::SystemTime());
  if (token.token.reveal().find_first_of("=+/&") != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto claims = freshet::kafka::claims_of(text);
  if (claims && (claims->expires_ms < -1 || claims->expires_ms > 253'402'300'799'000)) std::abort();
  use(freshet::aws::credentials_in_json(text));
  use(freshet::aws::credentials_in_xml(text));
  using freshet::aws::SharedFile;
  for (const SharedFile file : {SharedFile::Credentials, SharedFile::Config}) {
    const auto profile = freshet::aws::profile_in(text, file, "default");
    if (profile && profile->contains("")) std::abort();
  }
  return 0;
}

#include "processors/crypto_check.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "base/clock.h"
#include "processors/registry.h"
#include "processors/values/md5.h"
#include "processors/values/random_uuid.h"

namespace freshet::processors {
namespace {

// Simulates a FIPS-only openssl.cnf: no algorithm of the default provider is available.
class FipsOnly {
 public:
  FipsOnly() { EVP_set_default_properties(nullptr, "fips=yes"); }
  ~FipsOnly() { EVP_set_default_properties(nullptr, ""); }
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
class NoRandomBytes {
 public:
  NoRandomBytes() { RAND_set_rand_method(&kFails); }
  ~NoRandomBytes() { RAND_set_rand_method(nullptr); }

 private:
  static int refuse(unsigned char*, int) { return 0; }
  static constexpr RAND_METHOD kFails = {nullptr, refuse, nullptr, nullptr, refuse, nullptr};
};
#pragma GCC diagnostic pop

class CryptoCheckTest : public testing::Test {
 protected:
  Result<ProcessorFactory> make(const char* name) {
    ProcessorsSettings settings;
    settings.processor = name;
    return make_factory(settings, {&clock_, &metrics_});
  }
  RealClock clock_;
  Metrics metrics_;
};

TEST_F(CryptoCheckTest, WhereOpenSslHasAllEveryDataSetIsMade) {
  EXPECT_TRUE(check_crypto(CryptoNeeds::Md5AndRandom));
  for (const std::string& name : names()) EXPECT_TRUE(make(name.c_str())) << name;
}

TEST_F(CryptoCheckTest, WithoutMd5TheDataSetsThatNeedItAreRefusedAndNoDigestIsMade) {
  const Md5 before;
  const FipsOnly fips;
  EXPECT_THROW(Md5(), std::runtime_error);
  EXPECT_EQ(before.digest("abc")[0], 0x90);  // algorithms fetched earlier stay available
  for (const char* name : {"ReplaysProcessor", "ErrorsProcessor"}) {
    const auto refused = make(name);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::Fatal);
    for (const char* part : {name, "MD5", "default provider"}) {
      EXPECT_NE(refused.error().text.find(part), std::string::npos) << refused.error().text;
    }
  }
  EXPECT_TRUE(make("json"));
  EXPECT_TRUE(make("OutcomesProcessor"));
}

TEST_F(CryptoCheckTest, WithoutRandomBytesThereIsNoIdInsteadOfAnIdOfZeros) {
  const NoRandomBytes none;
  EXPECT_THROW(random_uuid(), std::runtime_error);
  const auto refused = make("ReplaysProcessor");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("no random bytes"), std::string::npos) << refused.error().text;
  EXPECT_TRUE(make("ErrorsProcessor"));
}

}  // namespace
}  // namespace freshet::processors

#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/secret_mask.h"

namespace freshet {
namespace {

struct FilesTest : testing::Test {
  FilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "freshet-files-XXXXXX").string();
    folder = mkdtemp(name.data());
    path = folder + "/file";
  }
  ~FilesTest() override { std::filesystem::remove_all(folder); }
  void write(const std::string& content) { std::ofstream(path) << content; }
  std::string error_of(const std::string& file, size_t most = 100) { return read_file(file, most).error().text; }

  std::string folder;
  std::string path;
};

TEST_F(FilesTest, AFileALinkAndAPipeAreRead) {
  write("secret\n");
  EXPECT_EQ(read_file(path), "secret\n");
  std::filesystem::create_symlink(path, folder + "/link");
  EXPECT_EQ(read_file(folder + "/link"), "secret\n");
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "piped", 5), 5);
  close(ends[1]);
  EXPECT_EQ(read_file("/proc/self/fd/" + std::to_string(ends[0])), "piped");
  close(ends[0]);
}

TEST_F(FilesTest, WhatNeverEndsIsRefusedSoonAndTakesNoMemory) {
  const auto started = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of("/dev/zero"), "holds more than 100 bytes");
  write(std::string(101, 'x'));
  EXPECT_EQ(error_of(path), "holds more than 100 bytes");
  EXPECT_EQ(error_of(folder), "cannot be read: Is a directory");
  EXPECT_EQ(error_of(folder + "/nothing"), "cannot be read: No such file or directory");
  const std::string fifo = folder + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(read_file(fifo), "");  // no writer has it open
  const int writer = open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(error_of(fifo), "cannot be read: its writer does not finish");
  close(writer);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(60));
}

TEST_F(FilesTest, OnlyARegularFileIsGivenToALibrary) {
  write("x");
  EXPECT_TRUE(check_regular_file(path));
  ASSERT_EQ(mkfifo((folder + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(check_regular_file(folder + "/fifo").error().text, "is a pipe; name a regular file");
  EXPECT_EQ(check_regular_file("/dev/zero").error().text, "is a device; name a regular file");
  EXPECT_EQ(check_regular_file(folder).error().text, "is a folder; name a regular file");
  EXPECT_FALSE(check_regular_file(folder + "/nothing"));
}

TEST_F(FilesTest, ATouchNeitherFollowsALinkNorOpensAPipe) {
  EXPECT_TRUE(touch_file(path));
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_TRUE(touch_file(path));
  EXPECT_GT(std::filesystem::last_write_time(path),
            std::filesystem::file_time_type::clock::now() - std::chrono::minutes(30));

  const std::string victim = folder + "/victim";
  std::filesystem::create_symlink(victim, folder + "/link");
  EXPECT_EQ(touch_file(folder + "/link").error().text, "is a symbolic link; name a regular file");
  EXPECT_FALSE(std::filesystem::exists(victim));
  ASSERT_EQ(mkfifo((folder + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(touch_file(folder + "/fifo").error().text, "is a pipe; name a regular file");
  EXPECT_FALSE(touch_file(folder + "/no/where"));
}

constexpr uid_t kRoot = 0, kUser = 1000, kAnother = 1001;
constexpr gid_t kService = 900;

TEST(ExposureTest, WhoElseMayReadASecretIsTold) {
  struct Case {
    FileAccess file;
    uid_t self;
    std::string_view who;
  };
  for (const Case& one : {
           Case{{kUser, kUser, 0600}, kUser, ""},
           Case{{kUser, kUser, 0640}, kUser, "can be read by its group"},
           Case{{kUser, kUser, 0660}, kUser, "can be changed by its group"},
           Case{{kUser, kUser, 0644}, kUser, "can be read by every user"},
           Case{{kUser, kUser, 0602}, kUser, "can be changed by every user"},
           // Somebody else's file: its group may be how this process reads it.
           Case{{kUser, kService, 0640}, kAnother, ""},
           Case{{kUser, kService, 0660}, kAnother, "can be changed by its group"},
           Case{{kUser, kService, 0644}, kAnother, "can be read by every user"},
           Case{{kRoot, kRoot, 0640}, kRoot, "can be read by its group"},
           Case{{kRoot, kRoot, 0640}, kUser, ""},
           // It is for a service with that group. `freshet check` of root says the same as the service.
           Case{{kRoot, kService, 0640}, kRoot, ""},
           Case{{kRoot, kService, 0640}, kUser, ""},
           Case{{kRoot, kService, 0660}, kRoot, "can be changed by its group"},
           Case{{kRoot, kService, 0644}, kRoot, "can be read by every user"},
       }) {
    const auto exposure = exposure_of(one.file, one.self);
    EXPECT_EQ(exposure ? exposure->who : "", one.who)
        << fmt::format("mode {:o} of {}:{} for {}", one.file.mode, one.file.owner, one.file.group, one.self);
  }
}

TEST_F(FilesTest, TheExposureOfAFileIsThatOfItsOwnerGroupAndMode) {
  write("x");
  for (const mode_t mode : {0600, 0640, 0660, 0644}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    struct stat found {};
    ASSERT_EQ(stat(path.c_str(), &found), 0);
    const auto exposure = exposure_of(path);
    const auto expected = exposure_of({found.st_uid, found.st_gid, mode}, geteuid());
    EXPECT_EQ(exposure ? exposure->who : "", expected ? expected->who : "") << mode;
  }
  EXPECT_TRUE(exposure_of(path));
  EXPECT_FALSE(exposure_of(folder + "/nothing"));
  EXPECT_FALSE(exposure_of("/dev/null"));
}

// Whoever runs the test: chmod changes a file of theirs, with the owner and group of each case in its place.
TEST_F(FilesTest, OneChangeOfModeEndsTheExposureOfASecret) {
  write("x");
  const auto changed = [&](FileAccess file, uid_t self) -> std::string {
    EXPECT_EQ(chmod(path.c_str(), file.mode), 0);
    const auto exposure = exposure_of(file, self);
    if (!exposure) return "";
    EXPECT_EQ(std::system(fmt::format("chmod {} {}", exposure->mode, path).c_str()), 0);
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0);
    file.mode = found.st_mode;
    EXPECT_FALSE(exposure_of(file, self)) << exposure->mode;
    return std::string(exposure->mode);
  };
  const FileAccess own{kUser, kUser, 0}, of_service{kRoot, kService, 0};
  const auto with = [](FileAccess file, mode_t mode) { return FileAccess{file.owner, file.group, mode}; };
  for (mode_t mode = 0600; mode <= 0666; mode += 2) {
    changed(with(own, mode), kUser);
    changed(with(of_service, mode), kRoot);
  }
  EXPECT_EQ(changed(with(own, 0644), kUser), "go-rwx");
  EXPECT_EQ(changed(with(own, 0620), kUser), "g-w");
  EXPECT_EQ(changed(with(of_service, 0644), kRoot), "o-rwx") << "the service still reads it";
  EXPECT_EQ(changed(with(of_service, 0666), kRoot), "o-rwx,g-w");
}

TEST(StandardDescriptorsTest, AClosedOneBecomesTheNullDevice) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int fd : {0, 1, 2}) close(fd);
    bool right = open_standard_descriptors();
    struct stat null {};
    stat("/dev/null", &null);
    for (const int fd : {0, 1, 2}) {
      struct stat found {};
      right =
          right && fstat(fd, &found) == 0 && found.st_rdev == null.st_rdev && (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
    }
    _exit(right && open("/dev/null", O_RDONLY) > 2 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

// A server may quote the secret in the form in which it was sent.
TEST(SecretMaskTest, MasksASecretInEveryFormThatIsSent) {
  const SecretMask mask({"pa/ss \"w'o\\rd"});
  for (const char* text : {"pa%2Fss%20%22w%27o%5Crd", "pa%2fss%20%22w%27o%5crd", "pa%2Fss+%22w%27o%5Crd",
                           R"(pa/ss \"w'o\\rd)", R"(pa/ss "w\'o\\rd)"}) {
    EXPECT_EQ(mask.masked(std::string("x=") + text + ";"), "x=***;");
  }
  // Base64 of the secret, and of the secret after "a:" and "ab:", as in the header of a login.
  for (const char* text : {"cGEvc3MgIncnb1xyZA==", "YTpwYS9zcyAidydvXHJk", "YWJjOnBhL3NzICJ3J29ccmQ="}) {
    const std::string masked = mask.masked(std::string("Basic ") + text);
    EXPECT_NE(masked.find("***"), std::string::npos) << text << masked;
    EXPECT_LE(masked.size(), std::string("Basic ***").size() + 8) << masked;
  }
  EXPECT_EQ(SecretMask({"abc"}).masked("YWJj"), "YWJj");  // four letters occur too often in other texts
}

TEST(SecretMaskTest, ForgetsTheOldestOfManyThatItLearned) {
  SecretMask mask({"given"});
  for (size_t i = 0; i <= SecretMask::kMostLearned; ++i) mask.add("learned-" + std::to_string(i) + ".");
  EXPECT_EQ(mask.masked("given learned-0. learned-1."), "*** learned-0. ***");
}

TEST(SecretMaskTest, ASecretThatChangesOftenDisplacesNoOther) {
  SecretMask mask;
  mask.add("of-clickhouse", "clickhouse_password");
  for (size_t i = 0; i <= 10 * SecretMask::kMostLearned; ++i)
    mask.add("token-" + std::to_string(i), "clickhouse_token");
  EXPECT_EQ(mask.masked("of-clickhouse token-160 token-0"), "*** *** token-0");
}

// Each component reads a changed password and adds it.
TEST(SecretMaskTest, OneThatIsLearnedManyTimesDisplacesNoOther) {
  SecretMask mask({"given"});
  mask.add("first.");
  for (size_t i = 0; i <= SecretMask::kMostLearned; ++i) {
    for (const char* known : {"", "given", "second."}) mask.add(known);
  }
  EXPECT_EQ(mask.masked("first. second."), "*** ***");
}

TEST(SecretMaskTest, MasksWhatItKnowsAlsoWhatItLearnsLater) {
  SecretMask mask({"", "hunter", "hunter2 &more"});
  EXPECT_EQ(mask.masked("hunter2 &more, hunter"), "***, ***");
  EXPECT_EQ(mask.masked("?password=hunter2%20%26more"), "?password=***");
  EXPECT_EQ(mask.masked("then came swordfish"), "then came swordfish");
  mask.add("swordfish");
  EXPECT_EQ(mask.masked("then came swordfish after hunter"), "then came *** after ***");
}

}  // namespace
}  // namespace freshet

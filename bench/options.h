// The command lines of the bench programs.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::bench {

// Flags, each bound to a variable. The variables must outlive the object.
class Options {
 public:
  // A whole number that is at least `least` and fits into the variable.
  template <typename T>
  Options& number(std::string name, T& value, int64_t least = 1) {
    return add(std::move(name), true, [&value, least](const std::string& text) { return read(text, value, least); });
  }

  // Positive numbers, separated by commas.
  template <typename T>
  Options& numbers(std::string name, std::vector<T>& values) {
    return add(std::move(name), true, [&values](const std::string& text) {
      values.clear();
      std::istringstream list(text);
      for (std::string one; std::getline(list, one, ',');) {
        if (!read(one, values.emplace_back(), 1)) return false;
      }
      return !values.empty();
    });
  }

  // `allowed` empty: any text.
  Options& text(std::string name, std::string& value, std::vector<std::string_view> allowed = {}) {
    return add(std::move(name), true, [&value, allowed = std::move(allowed)](const std::string& text) {
      value = text;
      for (const std::string_view one : allowed) {
        if (one == text) return true;
      }
      return allowed.empty();
    });
  }

  // Texts, separated by commas.
  Options& texts(std::string name, std::vector<std::string>& values) {
    return add(std::move(name), true, [&values](const std::string& text) {
      values.clear();
      std::istringstream list(text);
      for (std::string one; std::getline(list, one, ',');) values.push_back(one);
      return !values.empty();
    });
  }

  // True if the flag is given.
  Options& flag(std::string name, bool& value) {
    return add(std::move(name), false, [&value](const std::string&) { return value = true; });
  }

  // What follows "--". Without this call, "--" is refused.
  Options& rest(std::vector<std::string>& values) {
    rest_ = &values;
    return *this;
  }

  // False if an argument is unknown or has no valid value.
  bool parse(int argc, char** argv) const {
    for (int i = 1; i < argc; ++i) {
      const std::string_view name = argv[i];
      if (name == "--" && rest_ != nullptr) {
        rest_->assign(argv + i + 1, argv + argc);
        return true;
      }
      const Flag* const found = find(name);
      if (found == nullptr || (found->takes_value && i + 1 == argc)) return false;
      if (!found->set(found->takes_value ? argv[++i] : "")) return false;
    }
    return true;
  }

 private:
  struct Flag {
    std::string name;
    bool takes_value = true;
    std::function<bool(const std::string&)> set;  // false: not a valid value
  };

  template <typename T>
  static bool read(const std::string& text, T& value, int64_t least) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least) return false;
    if (!std::in_range<T>(number)) return false;
    value = static_cast<T>(number);
    return true;
  }

  Options& add(std::string name, bool takes_value, std::function<bool(const std::string&)> set) {
    flags_.push_back({std::move(name), takes_value, std::move(set)});
    return *this;
  }

  const Flag* find(std::string_view name) const {
    for (const Flag& flag : flags_) {
      if (flag.name == name) return &flag;
    }
    return nullptr;
  }

  std::vector<Flag> flags_;
  std::vector<std::string>* rest_ = nullptr;
};

}  // namespace freshet::bench

#include "schemas/reference_cycles.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace freshet::schemas {
namespace {

using nlohmann::json;

// Keywords whose schemas apply to the same value as the schema that contains them.
constexpr std::array kSchemas = {"not", "if", "then", "else"};
constexpr std::array kListsOfSchemas = {"allOf", "anyOf", "oneOf", "extends", "type", "disallow"};

struct Place {
  std::string file;  // as written in the reference; empty: the document itself
  std::string pointer;
  auto operator<=>(const Place&) const = default;
};

class Search {
 public:
  Search(const json& document, const std::function<const json*(const std::string&)>& fetch)
      : document_(document), fetch_(fetch) {}

  std::optional<std::string> run() {
    collect(document_, {"", ""});
    // Following a place may load further documents, which appends their places.
    for (size_t i = 0; i < places_.size(); ++i) {
      if (const auto found = follow(places_[i])) return found;
    }
    return std::nullopt;
  }

 private:
  enum class State { New, UnderWay, Done };
  struct Step {
    Place place;
    std::vector<Place> next;
    size_t at = 0;
  };

  // Treats every object as a schema; objects that are not schemas contain no references.
  void collect(const json& value, const Place& place) {
    std::vector<std::pair<const json*, Place>> left{{&value, place}};
    while (!left.empty()) {
      const auto [one, where] = std::move(left.back());
      left.pop_back();
      if (one->is_object()) places_.push_back(where);
      if (!one->is_structured()) continue;
      for (const auto& [key, child] : one->items()) left.emplace_back(&child, under(where, key));
    }
  }

  static Place under(const Place& place, const std::string& key) {
    json::json_pointer pointer(place.pointer);
    pointer.push_back(key);
    return {place.file, pointer.to_string()};
  }

  std::optional<std::string> follow(const Place& begin) {
    if (states_[begin] != State::New) return std::nullopt;
    std::vector<Step> path;
    enter(begin, path);
    while (!path.empty()) {
      Step& last = path.back();
      if (last.at == last.next.size()) {
        states_[last.place] = State::Done;
        path.pop_back();
        continue;
      }
      const Place next = last.next[last.at++];
      if (states_[next] == State::UnderWay) return next.file + "#" + next.pointer;
      if (states_[next] == State::New) enter(next, path);
    }
    return std::nullopt;
  }

  void enter(const Place& place, std::vector<Step>& path) {
    states_[place] = State::UnderWay;
    path.push_back({place, same_value(place)});
  }

  // The schemas that the one at `place` applies to the same value.
  std::vector<Place> same_value(const Place& place) {
    std::vector<Place> out;
    const json* const schema = at(place);
    if (schema == nullptr || !schema->is_object()) return out;
    if (const auto reference = schema->find("$ref"); reference != schema->end() && reference->is_string()) {
      if (auto target = resolve(place, reference->get<std::string>())) out.push_back(*std::move(target));
    }
    for (const char* keyword : kSchemas) {
      if (schema->contains(keyword)) out.push_back(under(place, keyword));
    }
    for (const char* keyword : kListsOfSchemas) {
      const auto list = schema->find(keyword);
      if (list == schema->end() || !list->is_structured()) continue;
      if (list->is_object()) out.push_back(under(place, keyword));
      for (size_t i = 0; list->is_array() && i < list->size(); ++i) {
        out.push_back(under(under(place, keyword), std::to_string(i)));
      }
    }
    if (const auto all = schema->find("dependencies"); all != schema->end() && all->is_object()) {
      for (const auto& [key, dependency] : all->items()) {
        if (dependency.is_object()) out.push_back(under(under(place, "dependencies"), key));
      }
    }
    return out;
  }

  std::optional<Place> resolve(const Place& from, const std::string& reference) {
    const size_t hash = reference.find('#');
    Place place{reference.substr(0, hash), hash == std::string::npos ? "" : reference.substr(hash + 1)};
    if (place.file.empty()) place.file = from.file;
    return at(place) != nullptr ? std::optional(place) : std::nullopt;
  }

  const json* at(const Place& place) {
    const json* const document = document_of(place.file);
    if (document == nullptr || (!place.pointer.empty() && place.pointer.front() != '/')) return nullptr;
    try {
      const json::json_pointer pointer(place.pointer);
      return document->contains(pointer) ? &document->at(pointer) : nullptr;
    } catch (const json::exception&) {
      return nullptr;
    }
  }

  const json* document_of(const std::string& file) {
    if (file.empty()) return &document_;
    const auto [found, is_new] = others_.try_emplace(file, nullptr);
    if (!is_new) return found->second;
    const json* const other = found->second = fetch_(file);
    if (other != nullptr) collect(*other, {file, ""});
    return other;
  }

  const json& document_;
  const std::function<const json*(const std::string&)>& fetch_;
  std::map<std::string, const json*> others_;
  std::vector<Place> places_;
  std::map<Place, State> states_;
};

}  // namespace

std::optional<std::string> find_endless_reference(const json& document,
                                                  const std::function<const json*(const std::string& file)>& fetch) {
  return Search(document, fetch).run();
}

}  // namespace freshet::schemas

#include "admin/exchange.h"

#include <utility>

namespace freshet::admin {

Exchange::Progress Exchange::take(std::string_view bytes) {
  auto read = reader_.take(bytes);
  if (auto* refused = std::get_if<Response>(&read)) return std::move(*refused);
  if (std::holds_alternative<RequestReader::HeadIsRead>(read)) {
    auto admitted = admit(false);
    if (!std::holds_alternative<NeedsMore>(admitted)) return admitted;
    return take({});  // some of the body may have arrived with the head
  }
  if (std::holds_alternative<RequestReader::IsRead>(read)) return admit(true);
  return NeedsMore{};
}

Exchange::Progress Exchange::admit(bool complete) {
  if (endpoint_ == nullptr) {
    auto found = find_endpoint(request());
    // A page of another site must not learn anything, not even which endpoints exist.
    if (auto refused = access_.refuses(request(), found.endpoint ? found.endpoint->needs : Needs::Reading)) {
      return *std::move(refused);
    }
    if (found.endpoint == nullptr) return std::move(found.otherwise);
    endpoint_ = found.endpoint;
    reader_.request().has_token = access_.has_token(request());
  }
  if (!complete) return NeedsMore{};
  return Accepted{endpoint_};
}

std::string answer_to(std::string_view bytes, const Access& access, const AdminSources& sources) {
  Exchange exchange(access);
  auto progress = exchange.take(bytes);
  if (const auto* refused = std::get_if<Response>(&progress)) return to_bytes(*refused, exchange.head_only());
  if (const auto* accepted = std::get_if<Exchange::Accepted>(&progress)) {
    return to_bytes(answer(*accepted->endpoint, sources, exchange.request(), {}), exchange.head_only());
  }
  return {};
}

}  // namespace freshet::admin

#include "testkit/admin_client.h"

#include "http/http_client.h"

namespace freshet::testkit {

AdminClient::AdminClient(int port) : address_("http://127.0.0.1:" + std::to_string(port) + "/") {}

AdminAnswer AdminClient::ask(const std::string& path, const std::string& post) const {
  http::Client http({});
  http::Request request;
  request.url = address_ + path;
  if (!post.empty()) {
    request.method = "POST";
    request.headers = {"Content-Type: application/json"};
    request.body = {post};
  }
  const auto response = http.send(request);
  return response ? AdminAnswer{response->status, response->body} : AdminAnswer{0, response.error().text};
}

nlohmann::json AdminClient::status() const {
  const AdminAnswer answer = ask("status");
  return answer.status == 200 ? nlohmann::json::parse(answer.body) : nlohmann::json();
}

}  // namespace freshet::testkit

#include "admin/page.h"

#include "admin/page_parts.h"

namespace freshet::admin {

std::string page(std::string_view endpoints) {
  std::string out(kPageHtml);
  const auto put = [&out](std::string_view mark, std::string_view text) {
    out.replace(out.find(mark), mark.size(), text);
  };
  put("%STYLE%", kPageStyle);
  put("%ENDPOINTS%", endpoints);
  put("%SCRIPT%", kPageScript);
  return out;
}

}  // namespace freshet::admin

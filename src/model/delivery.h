// How often the rows of a message are in the table (docs/delivery.md).
#pragma once

namespace freshet {

enum class Delivery {
  AtLeastOnce,  // rows may be stored again after a failure
  ExactlyOnce,  // each insert is planned in the offset's metadata before it is sent, and repeated with the same token
};

}  // namespace freshet

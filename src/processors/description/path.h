// Paths from a row to the value of a column: column<&Order::payment, &Payment::method>("payment_method").
#pragma once

#include <type_traits>

#include "processors/description/row_context.h"

namespace freshet::processors {

// A row for one element of a list in the message: steps begin at the element if it has them, otherwise at the message.
template <typename Message, typename Element>
struct ElementRow {
  const Message& message;
  const Element& element;
};

namespace description {

template <auto kStep, typename From>
decltype(auto) step(const From& from, const RowContext& context) {
  using Step = decltype(kStep);
  if constexpr (std::is_member_object_pointer_v<Step>) {
    if constexpr (std::is_pointer_v<From>) {
      return (from->*kStep);
    } else {
      return (from.*kStep);
    }
  } else if constexpr (std::is_invocable_v<Step, const From&, const RowContext&>) {
    return kStep(from, context);
  } else if constexpr (std::is_invocable_v<Step, const From&>) {
    return kStep(from);
  } else {
    return kStep(context);
  }
}

template <auto kStep, typename From>
constexpr bool kStepsFrom = std::is_invocable_v<decltype(kStep), const From&> ||
                            std::is_invocable_v<decltype(kStep), const From&, const RowContext&>;

template <auto kStep, typename Message, typename Element>
decltype(auto) step(const ElementRow<Message, Element>& from, const RowContext& context) {
  if constexpr (kStepsFrom<kStep, Element>) {
    return step<kStep>(from.element, context);
  } else {
    return step<kStep>(from.message, context);
  }
}

// The value at the end of a path: each step is a member of the value before it, or a function of it, of it and the
// context, or of the context alone.
template <auto kStep, auto... kRest, typename From>
decltype(auto) follow(const From& from, const RowContext& context) {
  if constexpr (sizeof...(kRest) == 0) {
    return step<kStep>(from, context);
  } else {
    return follow<kRest...>(step<kStep>(from, context), context);
  }
}

}  // namespace description
}  // namespace freshet::processors

// Several lambdas as one visitor of a variant: an arm per alternative, so that a new one does not compile until it is answered.
#pragma once

namespace kv {

template <class... Fs>
struct Overload : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Overload(Fs...) -> Overload<Fs...>;  // clang before 17 asks for it

}  // namespace kv

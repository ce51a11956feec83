// Takes events as they happen. Each is seen once, in order; what a sink does not care for passes by.
#pragma once

#include "model/events/event_list.h"

namespace kv {

namespace detail {

template <class Kinds>
class Seeing;

template <>
class Seeing<EventKinds<>> {
public:
    virtual ~Seeing() = default;
    void see() {}  // So that every kind has one to bring into view.
};

// `virtual void see(const Event&)` for each kind.
template <class Event, class... Others>
class Seeing<EventKinds<Event, Others...>> : public Seeing<EventKinds<Others...>> {
public:
    using Seeing<EventKinds<Others...>>::see;
    virtual void see(const Event&) {}
};

template <class Sink, class Base, class Kinds>
class SeeingAll;

template <class Sink, class Base>
class SeeingAll<Sink, Base, EventKinds<>> : public Base {};

template <class Sink, class Base, class Event, class... Others>
class SeeingAll<Sink, Base, EventKinds<Event, Others...>> : public SeeingAll<Sink, Base, EventKinds<Others...>> {
public:
    using SeeingAll<Sink, Base, EventKinds<Others...>>::see;
    void see(const Event& event) override { static_cast<Sink*>(this)->any(event); }
};

}  // namespace detail

using EventSink = detail::Seeing<AllEvents>;  // A sink that sees some kinds says `using EventSink::see;` and overrides `see` for them.

// A sink whose template `any(event)` is given every event: `class Counter : public EverySink<Counter>`.
template <class Sink>
using EverySink = detail::SeeingAll<Sink, EventSink, AllEvents>;

}  // namespace kv

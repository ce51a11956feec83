#include "scenarios/events/event_reader.h"

#include "scenarios/events/event_lengths.h"
#include "scenarios/events/event_values.h"
#include "scenarios/events/held_reader.h"
#include "scenarios/lines.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>

namespace kv {

class EventReader::Lines {
public:
    Lines(std::string file, EventSink& sink) : file_(std::move(file)), sink_(sink) {
        AllEvents::each_kind([this]<class Event>(const Event&) { readers_.emplace(Event::name, &Lines::restore<Event>); });
    }

    bool line(std::string text, std::size_t number) {
        auto read = read_json({.file = file_, .text = std::move(text), .first_line = number});
        if (auto* wrong = std::get_if<Diagnostics>(&read)) {
            tell(std::move(*wrong));
        } else {
            const JsonValue root = std::get<JsonDocument>(read).root();
            JsonErrors errors;
            if (header_) event(root, errors);
            else header(root, errors);
            lists_.give_back();
            tell(errors.take());
        }
        return header_ && errors_.size() < errors_max;
    }

    Diagnostics finish() {
        if (!header_ && errors_.empty()) tell({diagnostic_at(file_, "", 0, 0, header_expected + ", found nothing")});
        if (errors_.size() > errors_max) errors_.resize(errors_max);
        if (errors_.size() == errors_max) errors_.back().message += fmt::format(" (after {} errors reading ended here)", errors_max);
        return std::exchange(errors_, {});
    }

    void tell(Diagnostics errors) {
        if (errors.empty()) return;
        wrong_ = true;
        held_.lose_track();
        std::ranges::move(errors, std::back_inserter(errors_));
    }

    const std::optional<EventHeader>& told_header() const { return header_; }
    std::int64_t events() const { return events_; }

private:
    static constexpr std::size_t errors_max = 100;
    static inline const std::string header_expected =
        fmt::format(R"(expected the header {{"kvproof":"{}","format":{}}} in the first line)", event_file_kind, event_format);

    void header(JsonValue root, JsonErrors& errors) {
        EventFields fields(root, errors);
        const auto kind = fields.find("kvproof");
        if (root.kind() == JsonKind::object && !kind) return errors.note(root, header_expected);
        if (kind && (kind->kind() != JsonKind::string || kind->string() != event_file_kind))
            errors.note_expected(*kind, fmt::format("\"{}\"", event_file_kind));
        if (const auto format = fields.need("format");
            format && !(format->kind() == JsonKind::integer && format->integer() == event_format))
            errors.note_expected(*format, fmt::format("format {}, which this kvproof reads", event_format));
        EventHeader header;
        if (const auto engine = fields.find("engine")) header.engine = read_string(*engine, errors);
        if (const auto scenario = fields.find("scenario")) header.scenario = read_string(*scenario, errors);
        fields.finish();
        if (errors.none()) header_ = std::move(header);
    }

    void event(JsonValue root, JsonErrors& errors) {
        EventFields fields(root, errors);
        const auto name = fields.need("event");
        if (!name) return;
        const auto reader = name->kind() == JsonKind::string ? readers_.find(name->string()) : readers_.end();
        if (reader != readers_.end()) return (this->*reader->second)(fields, errors);
        std::vector<std::string_view> known;
        for (const auto& [event_name, unused] : readers_) known.push_back(event_name);
        std::ranges::sort(known);  // Their order decides between two that are equally near.
        const std::string meant = name->kind() == JsonKind::string ? nearest(name->string(), known) : std::string();
        errors.note_expected(*name,
                             "the name of an event" + (meant.empty() ? std::string() : fmt::format(" (did you mean \"{}\"?)", meant)));
    }

    template <class Event>
    void restore(EventFields& fields, JsonErrors& errors) {
        Event event{};
        EventValues values(lists_, errors);
        std::optional<JsonValue> held;
        values.members(fields, event, [&](const auto&, JsonValue value) { held = value; });
        fields.finish();
        if constexpr (requires { event.held; }) event.held = held_.held({event.rank, event.request}, held, values);
        if constexpr (std::same_as<Event, BlocksFreed>) held_.forget({event.rank, event.request});
        if (!errors.none()) return;
        if (const auto misfit = misfit_of(event))
            return errors.note(fields.object().member(misfit->part).value_or(fields.object()), "expected " + misfit->expected);
        if (wrong_) return;
        sink_.see(event);
        ++events_;
    }

    std::string file_;
    EventSink& sink_;
    std::unordered_map<std::string_view, void (Lines::*)(EventFields&, JsonErrors&)> readers_ = {};
    std::optional<EventHeader> header_ = {};
    EventLists lists_ = {};
    HeldReader held_ = {};
    bool wrong_ = false;  // A line was.
    Diagnostics errors_ = {};
    std::int64_t events_ = 0;
};

EventReader::EventReader(std::string file, EventSink& sink) : lines_(std::make_unique<Lines>(std::move(file), sink)) {}
EventReader::~EventReader() = default;
EventReader::EventReader(EventReader&&) noexcept = default;
EventReader& EventReader::operator=(EventReader&&) noexcept = default;

bool EventReader::line(std::string text, std::size_t number) { return lines_->line(std::move(text), number); }
Diagnostics EventReader::finish() { return lines_->finish(); }
const std::optional<EventHeader>& EventReader::header() const { return lines_->told_header(); }
std::int64_t EventReader::events() const { return lines_->events(); }

EventFile read_events(const std::string& file, EventSink& sink) {
    LineReader lines(file);
    EventReader reader(file, sink);
    std::string line;
    while (lines.next(line) && reader.line(line, lines.line_number())) {
    }
    EventFile read{.header = {}, .events = reader.events(), .errors = {}};
    if (reader.header()) read.header = *reader.header();
    if (lines.error() && lines.line_number() == 0) read.errors = {*lines.error()};
    else read.errors = reader.finish();
    if (lines.error() && lines.line_number() > 0) read.errors.push_back(*lines.error());
    return read;
}

}  // namespace kv

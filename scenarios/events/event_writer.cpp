#include "scenarios/events/event_writer.h"

#include "scenarios/events/event_text.h"
#include "scenarios/events/held_text.h"
#include "scenarios/lines.h"

#include <utility>

namespace kv {

class EventWriter::Lines : public EverySink<EventWriter::Lines> {
public:
    Lines(const EventHeader& header, Put put) : put_(std::move(put)) {
        fmt::format_to(std::back_inserter(chunk_), R"({{"kvproof":"{}","format":{})", event_file_kind, event_format);
        const auto member = [&](std::string_view key, const std::string& text) {
            if (text.empty()) return;
            chunk_ += key;
            append_string(chunk_, text);
        };
        member(",\"engine\":", header.engine);
        member(",\"scenario\":", header.scenario);
        chunk_ += "}\n";
    }

    template <class Event>
    void any(const Event& event) {
        if (failed_) return;
        const std::size_t begin = chunk_.size();
        chunk_ += "{\"event\":\"";
        chunk_ += Event::name;
        chunk_ += '"';
        EventText text(chunk_);
        text.members(event, false);
        if constexpr (requires { event.held; }) held(event);
        if constexpr (std::same_as<Event, BlocksFreed>) held_.forget({event.rank, event.request});
        chunk_ += "}\n";
        if (text.memory() > event_line_memory_max || chunk_.size() - begin > line_bytes_max) return refuse(begin, Event::name);
        ++events_;
        if (chunk_.size() >= chunk_bytes) flush();
    }

    bool finish() {
        if (!chunk_.empty()) flush();
        return !failed_;
    }
    const std::string& failure() const { return failure_; }
    std::int64_t events() const { return events_; }

private:
    static constexpr std::size_t chunk_bytes = std::size_t{1} << 16;

    void held(const auto& event) {
        constexpr std::string_view key = ",\"held\":";
        chunk_ += key;
        if (!held_.append(chunk_, {event.rank, event.request}, event.held)) chunk_.resize(chunk_.size() - key.size());
    }

    void refuse(std::size_t begin, std::string_view name) {
        chunk_.resize(begin);
        flush();
        failed_ = true;
        failure_ = fmt::format("event {}, {}, is larger than a line may be: {} bytes, and {} unrolled", events_ + 1, name, line_bytes_max,
                               event_line_memory_max);
    }

    void flush() {
        if (!failed_ && !put_(chunk_)) failed_ = true;
        chunk_.clear();
    }

    Put put_;
    std::string chunk_;
    HeldText held_;
    bool failed_ = false;
    std::string failure_ = {};
    std::int64_t events_ = 0;
};

EventWriter::EventWriter(const EventHeader& header, Put put) : lines_(std::make_unique<Lines>(header, std::move(put))) {}
EventWriter::~EventWriter() = default;
EventWriter::EventWriter(EventWriter&&) noexcept = default;
EventWriter& EventWriter::operator=(EventWriter&&) noexcept = default;

EventSink& EventWriter::sink() { return *lines_; }
bool EventWriter::finish() { return lines_->finish(); }
const std::string& EventWriter::failure() const { return lines_->failure(); }
std::int64_t EventWriter::events() const { return lines_->events(); }

}  // namespace kv

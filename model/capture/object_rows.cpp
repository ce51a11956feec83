#include "model/capture/object_rows.h"

#include "model/refusal.h"

#include <algorithm>

namespace kv {

ObjectRows::ObjectRows(const Engine& engine, const RowSetup& setup, const RowFormat& format)
    : format_(format),
      seed_(setup.seed),
      rules_(engine),
      columns_(format.columns()),
      worker_(engine, setup, format),
      requests_(static_cast<std::size_t>(setup.requests_max)),
      sendings_(static_cast<std::size_t>(setup.requests_max)) {
    if (setup.prefix_caching) return;
    refuse({.type = Raised::value_error,
            .raised_in = "_verify_aux_output_compatibility",
            .message = "rows are kept under the keys of the prefix cache, which is off"});
}

void ObjectRows::arrive(std::int64_t request, const RowRequest& asked) {
    RequestRows& rows = requests_[static_cast<std::size_t>(request)];
    rows.asked = asked;
    rows.joined.begin(std::min(asked.asked_first, asked.prompt), columns_);
    sending(request).tokens = asked.prompt;
    sending(request).keys.clear();
    require(!sending(request).sent, "a place is free once its request has left");
}

void ObjectRows::admit(std::int64_t request, const RowAdmission& admission) {
    requests_[static_cast<std::size_t>(request)].hit = admission.hit;
    requests_[static_cast<std::size_t>(request)].loaded = admission.loaded;
}

void ObjectRows::known(std::int64_t request, std::int64_t tokens, std::span<const PrefixKey> keys) {
    Sending& state = sending(request);
    require(state.keys.size() <= keys.size(), "keys of full blocks only become more");
    state.tokens = tokens;
    state.keys.insert(state.keys.end(), keys.begin() + std::ssize(state.keys), keys.end());
}

void ObjectRows::send_new_keys(std::int64_t request) {
    Sending& state = sending(request);
    if (*state.sent == state.keys.size()) return;
    const std::size_t first = message_.prefixes.size();
    message_.prefixes.insert(message_.prefixes.end(), state.keys.begin() + static_cast<std::ptrdiff_t>(*state.sent), state.keys.end());
    message_.keys.push_back({.request = request, .first = first, .end = message_.prefixes.size()});
    state.sent = state.keys.size();
}

void ObjectRows::begin(std::span<const StepRequest> step) {
    message_.generation = generation_;
    message_.scheduled.clear();
    message_.keys.clear();
    message_.prefixes.clear();
    for (const StepRequest& part : step) {
        Sending& state = sending(part.request);
        if (!state.sent) {
            state.sent = 0;
            told_.push_back(part.request);
        }
        send_new_keys(part.request);
        const RowRequest& asked = requests_[static_cast<std::size_t>(part.request)].asked;
        const std::int64_t next = state.tokens == asked.prompt ? 0 : state.tokens - 1;
        message_.scheduled.push_back({part.request, std::max(std::min(asked.asked_first, asked.prompt), next)});
        if (std::ranges::find(finished_, part.request) != finished_.end())
            refuse({.type = Raised::assertion_error, .raised_in = "begin_step", .message = "a request runs and finishes in one step"});
    }
    if (told_.size() != step.size())
        for (const std::int64_t request : told_) send_new_keys(request);  // Nothing for those of the step.
    for (const ObjectMessage::Keys& keys : finished_keys_) {
        const std::size_t first = message_.prefixes.size();
        message_.prefixes.insert(message_.prefixes.end(), finished_prefixes_.begin() + static_cast<std::ptrdiff_t>(keys.first),
                                 finished_prefixes_.begin() + static_cast<std::ptrdiff_t>(keys.end));
        message_.keys.push_back({.request = keys.request, .first = first, .end = message_.prefixes.size()});
    }
    message_.finished.assign(finished_.begin(), finished_.end());
    finished_.clear();
    finished_keys_.clear();
    finished_prefixes_.clear();
    worker_.begin(message_);
}

void ObjectRows::settle() {
    sent_.clear();
    worker_.put_out(requests_, sent_);
    const RowStep step = worker_.staging().oldest();
    for (const SentRows& rows : sent_) {
        const auto part = std::ranges::find(step.requests, rows.request, &StepRequest::request);
        if (worker_.staging().dropped(static_cast<std::size_t>(part - step.requests.begin()))) continue;
        RequestRows& request = requests_[static_cast<std::size_t>(rows.request)];
        if (rules_.typed_by_step) request.joined.note_type(type_of_rows(format_, seed_, rows.rows));
        request.joined.join(rules_.resumed, rows.first, rows.rows);
    }
    worker_.staging().pop();
}

void ObjectRows::leave(std::int64_t request, RowsInFlight in_flight) {
    if (in_flight == RowsInFlight::dropped) worker_.staging().drop(request);
    Sending& state = sending(request);
    if (!state.sent) return;
    const std::size_t first = finished_prefixes_.size();
    finished_prefixes_.insert(finished_prefixes_.end(), state.keys.begin() + static_cast<std::ptrdiff_t>(*state.sent), state.keys.end());
    if (first < finished_prefixes_.size()) finished_keys_.push_back({.request = request, .first = first, .end = finished_prefixes_.size()});
    finished_.push_back(request);
    state.sent.reset();
    std::erase(told_, request);
}

DeliveredRows ObjectRows::stop(std::int64_t request, const RowsDue& due) {
    leave(request, RowsInFlight::dropped);
    RequestRows& rows = requests_[static_cast<std::size_t>(request)];
    if (!rules_.wants(rows)) return {};
    if (!rows.joined.of_one_type())
        refuse({.type = Raised::value_error,
                .raised_in = "OutputProcessor",
                .message = "rows of one request came in ids of several types",
                .figures = {}});
    return rows.joined.rows_below(rules_.resumed, due.tokens - 1);
}

void ObjectRows::reset() {
    for (const std::int64_t request : told_) sending(request).sent.reset();
    told_.clear();
    finished_.clear();
    finished_keys_.clear();
    finished_prefixes_.clear();
    ++generation_;
}

}  // namespace kv

#include "model/capture/step_delta_rows.h"

#include "model/addressing/row_read.h"
#include "model/capture/shared_memory_rows.h"
#include "model/rules/row_reader.h"

namespace kv {

StepDeltaRows::StepDeltaRows(const Engine& engine, const RowSetup& setup, const RowFormat& format, Kept kept)
    : format_(format),
      seed_(setup.seed),
      rules_(engine),
      reader_(engine.row_reader),
      kept_(kept),
      address_(setup.address),
      columns_(format.columns()),
      staging_(engine.row_staging.choice, setup, format.columns()),
      requests_(static_cast<std::size_t>(setup.requests_max)),
      hit_slots_(static_cast<std::size_t>(setup.requests_max)) {
    if (kept != Kept::nothing) rows_ = rows_by_slot(engine, setup, format);
}

void StepDeltaRows::arrive(std::int64_t request, const RowRequest& asked) {
    at(request).asked = asked;
    at(request).joined.begin(kept_ == Kept::prompts_by_slot ? asked.prompt : std::min(asked.asked_first, asked.prompt), columns_);
}

void StepDeltaRows::admit(std::int64_t request, const RowAdmission& admission) {
    at(request).hit = admission.hit;
    at(request).loaded = admission.loaded;
    if (!rows_) return;
    std::vector<std::int64_t>& slots = hit_slots_[static_cast<std::size_t>(request)];
    slots.resize(static_cast<std::size_t>(admission.hit + admission.loaded));
    slots_or_pad({.blocks = admission.blocks, .tokens = {}, .address = address_}, 0, slots);
    if (rules_.loads == LoadedRows::missing)
        for (auto slot = slots.begin() + admission.hit; slot != slots.end(); ++slot)
            if (*slot >= 0) marks_.push_back({.step = saved_, .slot = *slot});
    if (kept_ == Kept::prompts_by_slot) slots.clear();
    else if (rules_.hits == HitRows::at_admission) hydrate(request);
}

// Rows of what was hit or loaded, from where they lie by now.
void StepDeltaRows::hydrate(std::int64_t request) {
    std::vector<std::int64_t>& slots = hit_slots_[static_cast<std::size_t>(request)];
    if (slots.empty()) return;
    if (rules_.wants(at(request))) {
        read_.resize(slots.size() * static_cast<std::size_t>(columns_));
        rows_->load(slots, read_);
        rules_.mark_unsaid(at(request), 0, columns_, read_);
        at(request).joined.join(rules_.resumed, 0, read_);
    }
    slots.clear();
}

void StepDeltaRows::save(const RowStep& step) {
    staging_.push(step);
    ++saved_;
}

void StepDeltaRows::settle() {
    const RowStep step = staging_.oldest();
    carried_ = 0;
    if (rows_) {
        const auto due = [&](const Mark& mark) { return mark.step <= settled_; };
        for (const Mark& mark : marks_)
            if (due(mark)) rows_->mark(std::span(&mark.slot, 1), missing_tag);
        std::erase_if(marks_, due);
        rows_->store(step.slots, step.rows);
    }
    std::size_t row = 0;
    for (std::size_t i = 0; i < step.requests.size(); ++i) {
        const StepRequest& part = step.requests[i];
        const auto columns = static_cast<std::size_t>(columns_);
        RequestRows& request = at(part.request);
        const std::int64_t known = part.tokens - part.rejected;
        const std::int64_t of_prompt =
            kept_ == Kept::prompts_by_slot ? std::clamp<std::int64_t>(request.asked.prompt - part.first, 0, known) : 0;
        const auto rows =
            step.rows.subspan((row + static_cast<std::size_t>(of_prompt)) * columns, static_cast<std::size_t>(known - of_prompt) * columns);
        row += static_cast<std::size_t>(part.tokens);
        if (staging_.dropped(i) || !rules_.wants(request)) continue;
        hydrate(part.request);
        if (rules_.typed_by_step) request.joined.note_type(type_of_rows(format_, seed_, rows));
        request.joined.join(rules_.resumed, part.first + of_prompt, rows);
        carried_ += std::ssize(rows) / columns_;
    }
    staging_.pop();
    ++settled_;
}

DeliveredRows StepDeltaRows::stop(std::int64_t request, const RowsDue& due) {
    staging_.drop(request);
    read_slots_.clear();
    if (!rules_.wants(at(request))) return {};
    if (!at(request).joined.of_one_type())
        refuse({.type = Raised::value_error,
                .raised_in = "OutputProcessor",
                .message = "rows of one request came in ids of several types",
                .figures = {}});
    const DeliveredRows joined = at(request).joined.rows_below(rules_.resumed, due.tokens - 1);
    return kept_ == Kept::prompts_by_slot ? with_prompt(request, due, joined) : joined;
}

DeliveredRows StepDeltaRows::with_prompt(std::int64_t request, const RowsDue& due, const DeliveredRows& generated) {
    const std::int64_t tokens = std::min(at(request).asked.prompt, due.tokens - 1);
    if (auto slots = reader_({.blocks = due.blocks, .tokens = Tokens{tokens}, .address = address_})) read_slots_ = *std::move(slots);
    read_.assign(static_cast<std::size_t>(tokens * columns_), missing_tag);
    const auto found = std::min(std::ssize(read_slots_), tokens);
    rows_->load(std::span(read_slots_).first(static_cast<std::size_t>(found)),
                std::span(read_).first(static_cast<std::size_t>(found * columns_)));
    rules_.mark_unsaid(at(request), 0, columns_, read_);
    read_.insert(read_.end(), generated.rows.begin(), generated.rows.end());
    return {.first = 0, .count = std::ssize(read_) / columns_, .rows = read_};
}

}  // namespace kv

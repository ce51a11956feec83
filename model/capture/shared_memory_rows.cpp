#include "model/capture/shared_memory_rows.h"

#include "model/addressing/row_read.h"
#include "model/rules/row_reader.h"

#include <string>

namespace kv {

SlotRows rows_by_slot(const Engine& engine, const RowSetup& setup, const RowFormat& format) {
    if (setup.rows <= 0)
        refuse({.type = Raised::value_error,
                .raised_in = "SharedMemory.__init__",
                .message = "a buffer for rows has a size of " + std::to_string(setup.rows) + " rows"});
    const bool said = engine.unwritten_rows.choice == UnwrittenRows::missing;
    return {setup.rows, format.columns(), engine.pad_rows.choice, said ? missing_tag : never_written_tag};
}

SharedMemoryRows::SharedMemoryRows(const Engine& engine, const RowSetup& setup, const RowFormat& format)
    : rules_(engine),
      reader_(engine.row_reader),
      address_(setup.address),
      columns_(format.columns()),
      reader_rows_(setup.reader_rows.value_or(setup.rows)),
      rows_(rows_by_slot(engine, setup, format)),
      requests_(static_cast<std::size_t>(setup.requests_max)) {
    if (reader_rows_ <= setup.rows) return;
    refuse({.type = Raised::type_error,
            .raised_in = "RoutedExpertsReader.attach_buffer",
            .message = "a buffer of " + std::to_string(setup.rows) + " rows is too small for " + std::to_string(reader_rows_),
            .figures = {}});
}

void SharedMemoryRows::arrive(std::int64_t request, const RowRequest& asked) { at(request).asked = asked; }

void SharedMemoryRows::admit(std::int64_t request, const RowAdmission& admission) {
    at(request).hit = admission.hit;
    at(request).loaded = admission.loaded;
    if (admission.loaded == 0 || rules_.loads != LoadedRows::missing) return;
    loaded_slots_.resize(static_cast<std::size_t>(admission.loaded));
    slots_or_pad({.blocks = admission.blocks, .tokens = {}, .address = address_}, admission.hit, loaded_slots_);
    marks_.insert(marks_.end(), loaded_slots_.begin(), loaded_slots_.end());
}

void SharedMemoryRows::save(const RowStep& step) {
    std::erase_if(marks_, [](std::int64_t slot) { return slot < 0; });
    rows_.mark(marks_, missing_tag);
    marks_.clear();
    rows_.store(step.slots, step.rows);
}

DeliveredRows SharedMemoryRows::stop(std::int64_t request, const RowsDue& due) {
    read_slots_.clear();
    if (!rules_.wants(at(request))) return {};
    const std::int64_t tokens = due.tokens - 1;
    auto slots = reader_({.blocks = due.blocks, .tokens = Tokens{tokens}, .address = address_});
    read_.assign(static_cast<std::size_t>((slots ? std::ssize(*slots) : tokens) * columns_), missing_tag);
    if (slots) {
        read_slots_ = *std::move(slots);
        rows_.load(read_slots_, read_, reader_rows_);
    }
    rules_.mark_unsaid(at(request), 0, columns_, read_);
    return {.first = 0, .count = std::ssize(read_) / columns_, .rows = read_};
}

}  // namespace kv

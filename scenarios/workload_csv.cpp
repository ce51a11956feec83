#include "scenarios/workload_csv.h"

#include "scenarios/source_text.h"
#include "scenarios/text_file.h"
#include "scenarios/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libfccp/csv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kv {

namespace {

constexpr std::size_t quoted_max = 40;  // Code points of a cell in a message.
constexpr std::int64_t arrival_max = std::int64_t{1} << 53;
constexpr std::string_view blanks = " \t";

struct Column {
    std::string_view name, other_name;
    bool required = false;
};
constexpr std::size_t prompt = 0, output = 1, arrival = 2, prefix_blocks = 3, prefix_group = 4, prefix_tokens = 5;
constexpr std::array<Column, 6> columns{{{"prompt_tokens", "prompt_len", true},
                                         {"output_tokens", "output_len", true},
                                         {"arrival_ms", "arrival", false},
                                         {"prefix_blocks_512", "prefix_blocks_512", false},
                                         {"prefix_group", "prefix_group", false},
                                         {"prefix_len", "prefix_len", false}}};

using Cells = std::array<char*, columns.size()>;  // Of one line, by the place in `columns`; null where the file has no such column.
using Reader =
    io::CSVReader<columns.size(), io::trim_chars<' ', '\t'>, io::no_quote_escape<','>, io::throw_on_overflow, io::empty_line_comment>;

// The cells of a line as ranges of the text, without the blanks around them.
std::vector<TextRange> cells_of(std::string_view text, TextRange line) {
    std::vector<TextRange> cells;
    const std::string_view whole = text.substr(line.offset, line.length);
    for (std::size_t begin = 0; begin <= whole.size();) {
        const std::size_t end = std::min(whole.find(',', begin), whole.size());
        const std::string_view cell = whole.substr(begin, end - begin);
        const std::size_t first = std::min(cell.find_first_not_of(blanks), cell.size());
        const std::size_t last = first == cell.size() ? first : cell.find_last_not_of(blanks) + 1;
        cells.push_back({line.offset + begin + first, last - first});
        begin = end + 1;
    }
    return cells;
}

// The line that csv.h read last, in the text that it read it from.
class Lines {
public:
    explicit Lines(std::string_view text) : text_(text) {}
    TextRange line(std::size_t number) {
        for (; number_ < number; ++number_) {
            offset_ = next_;
            next_ = std::min(text_.find('\n', offset_), text_.size()) + 1;
        }
        std::size_t length = next_ - 1 - offset_;
        if (length > 0 && text_[offset_ + length - 1] == '\r') --length;
        return {offset_, length};
    }

private:
    std::string_view text_;
    std::size_t number_ = 0, offset_ = 0, next_ = 0;
};

class WorkloadReader {
public:
    explicit WorkloadReader(SourceText& source) : source_(source), lines_(source.text()) {}

    std::vector<WorkloadRequest> read() {
        if (!header()) return {};
        const std::string_view text = source_.text();
        Reader reader("", text.data(), text.data() + text.size());
        read_header(reader, std::make_index_sequence<columns.size()>{});
        while (!source_.crowded() && read_row(reader)) {
        }
        if (requests_.empty() && !source_.failed()) source_.error(header_, "expected at least one request below the names of the columns");
        return std::move(requests_);
    }

private:
    // The names of the columns, each looked at where it stands: csv.h says which is wrong, but not where.
    bool header() {
        const std::string_view text = source_.text();
        std::size_t number = 1;
        for (std::size_t end = 0; end < text.size(); end = header_.offset + header_.length + 1, ++number) {
            header_ = lines_.line(number);
            if (source_.text(header_).find_first_not_of(blanks) != std::string_view::npos) break;
        }
        if (source_.text(header_).find_first_not_of(blanks) == std::string_view::npos) {
            source_.error({0, 1}, fmt::format("the file is empty: expected the names of the columns, such as `{},{}`", columns[prompt].name,
                                              columns[output].name));
            return false;
        }
        for (const TextRange cell : cells_of(text, header_)) {
            name_column(cell);
            if (source_.crowded()) return false;
        }
        for (std::size_t i = 0; i < columns.size(); ++i)
            if (columns[i].required && names_[i].empty() && !source_.failed())
                source_.error(header_, fmt::format("there is no column `{}` (or `{}`)", columns[i].name, columns[i].other_name));
        return !source_.failed();
    }

    void name_column(TextRange cell) {
        const std::string_view name = source_.text(cell);
        const TextRange shown{cell.offset, std::max<std::size_t>(cell.length, 1)};
        const auto known =
            std::ranges::find_if(columns, [&](const Column& column) { return name == column.name || name == column.other_name; });
        if (known == columns.end()) return source_.error(shown, unknown_column(name));
        std::string& taken = names_[static_cast<std::size_t>(known - columns.begin())];
        if (!taken.empty()) return source_.error(shown, fmt::format("a second column `{}`: `{}` is there already", name, taken));
        taken = name;
        order_.push_back(known->name);
    }

    static std::string unknown_column(std::string_view name) {
        std::vector<std::string_view> all;
        for (const Column& column : columns) {
            all.push_back(column.name);
            if (column.other_name != column.name) all.push_back(column.other_name);
        }
        if (name.empty()) return "a column without a name";
        const std::string meant = nearest(name, all);
        return fmt::format(
            "unknown column `{}`: {}", shortened(name, quoted_max),
            meant.empty() ? fmt::format("expected some of {}", fmt::join(all, ", ")) : fmt::format("did you mean `{}`?", meant));
    }

    template <std::size_t... I>
    void read_header(Reader& reader, std::index_sequence<I...>) {
        reader.read_header(io::ignore_missing_column, (names_[I].empty() ? std::string(columns[I].name) : names_[I])...);
    }

    // False at the end of the file.
    bool read_row(Reader& reader) {
        Cells cells{};
        try {
            if (!reader.read_row(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5])) return false;
            line_ = lines_.line(reader.get_file_line());
            add(cells);
        } catch (const io::error::line_length_limit_exceeded&) {
            source_.error(lines_.line(reader.get_file_line()), "a line of more than 16 MiB: no request is");
            return false;
        } catch (const io::error::too_few_columns&) {
            line_ = lines_.line(reader.get_file_line());
            const std::size_t found = cells_of(source_.text(), line_).size();
            source_.error({line_.offset + line_.length, 1},
                          fmt::format("the line has {} of {} cells: `{}` is missing", found, order_.size(), order_[found]));
        } catch (const io::error::too_many_columns&) {
            line_ = lines_.line(reader.get_file_line());
            const std::vector<TextRange> found = cells_of(source_.text(), line_);
            const TextRange extra = found[order_.size()];
            source_.error({extra.offset, std::max<std::size_t>(extra.length, 1)},
                          fmt::format("the line has {} cells: expected {}, as the first line has", found.size(), order_.size()));
        }
        return requests_.size() < workload_requests_max || full();
    }

    bool full() {
        source_.error(line_, fmt::format("more than {} requests", workload_requests_max));
        return false;
    }

    void add(const Cells& cells) {
        WorkloadRequest request;
        row_is_wrong_ = false;
        request.prompt = Tokens{number(cells, prompt, 1, request_tokens_max)};
        request.output = Tokens{number(cells, output, 0, request_tokens_max)};
        request.arrival = number(cells, arrival, 0, arrival_max);
        request.prefix_group = number(cells, prefix_group, 0, arrival_max);
        request.prefix = Tokens{number(cells, prefix_tokens, 0, request_tokens_max)};
        if (!row_is_wrong_ && request.prefix > request.prompt)
            wrong(prefix_tokens, fmt::format("expected at most the {} tokens of the prompt", request.prompt.value), cells[prefix_tokens]);
        check_blocks(cells);
        requests_.push_back(request);
    }

    // An integer of the column, or its least where there is none or an error.
    std::int64_t number(const Cells& cells, std::size_t column, std::int64_t least, std::int64_t most) {
        if (cells[column] == nullptr) return least;
        const std::string_view cell(cells[column]);
        std::int64_t value = least;
        const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
        const bool whole = !cell.empty() && error == std::errc() && end == cell.data() + cell.size();
        if (whole && least <= value && value <= most) return value;
        wrong(column, fmt::format("expected an integer from {} to {}", least, most), cell);
        return least;
    }

    // Ids of the prompt's blocks: "0 14-27" are 0, 14, 15, ... 27.
    void check_blocks(const Cells& cells) {
        if (cells[prefix_blocks] == nullptr) return;
        const std::string_view cell(cells[prefix_blocks]);
        const char* const end = cell.data() + cell.size();
        for (const char* at = cell.data(); at != end;) {
            std::int64_t first = -1, last = -1;
            const auto begin = std::from_chars(at, end, first);
            const bool range = begin.ec == std::errc() && begin.ptr != end && *begin.ptr == '-';
            const auto stop = range ? std::from_chars(begin.ptr + 1, end, last) : begin;
            if (!range) last = first;
            const bool ended = stop.ec == std::errc() && (stop.ptr == end || *stop.ptr == ' ');
            if (!ended || first < 0 || last < first || last > arrival_max)
                return wrong(prefix_blocks, "expected ids such as `0 14-27`", cell);
            at = std::find_if(stop.ptr, end, [](char c) { return c != ' '; });
        }
    }

    // csv.h does not say where a cell stood, so the line is looked at again.
    void wrong(std::size_t column, const std::string& expected, std::string_view cell) {
        row_is_wrong_ = true;
        const auto place = std::ranges::find(order_, columns[column].name) - order_.begin();
        const TextRange where = cells_of(source_.text(), line_)[static_cast<std::size_t>(place)];
        const std::string found = cell.empty() ? "nothing" : '`' + shortened(cell, quoted_max) + '`';
        source_.error({where.offset, std::max<std::size_t>(where.length, 1)},
                      fmt::format("`{}`: {}, found {}", names_[column], expected, found));
    }

    SourceText& source_;
    Lines lines_;
    TextRange header_, line_;
    std::array<std::string, columns.size()> names_;  // As the file has them; empty where it has no such column.
    std::vector<std::string_view> order_;            // The file's columns from left to right.
    std::vector<WorkloadRequest> requests_;
    bool row_is_wrong_ = false;
};

// csv.h takes a byte 0 for the end of its line, and would pass over what follows.
bool is_text(SourceText& source) {
    const std::string_view text = source.text();
    for (std::size_t at = text.find('\0'); at != std::string_view::npos && !source.crowded(); at = text.find('\0', at + 1))
        source.error({at, 1}, "a byte 0: expected text");
    return !source.failed();
}

}  // namespace

std::variant<Workload, Diagnostics> read_workload(const std::string& file, std::string text) {
    if (text.size() > workload_bytes_max)
        return Diagnostics{
            {.where = {.file = file}, .message = fmt::format("is larger than {} bytes: no workload is", workload_bytes_max)}};
    if (!text.ends_with('\n')) text += '\n';  // csv.h reads one byte past a text that does not end so.
    SourceText source(file, std::move(text));
    Workload workload{.file = file, .requests = {}};
    if (is_text(source)) workload.requests = WorkloadReader(source).read();
    if (source.failed()) return source.diagnostics();
    return workload;
}

std::variant<Workload, Diagnostics> load_workload(const std::string& file) {
    auto text = read_text_file(file, workload_bytes_max);
    if (const auto* unreadable = std::get_if<Diagnostic>(&text)) return Diagnostics{*unreadable};
    return read_workload(file, std::get<std::string>(std::move(text)));
}

}  // namespace kv

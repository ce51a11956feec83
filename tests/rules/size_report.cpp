// size_report [--list] ROOT: tells which headers, sources and functions of the tree are longer than they should be. Fails only for those
// that nobody could read. --list prints every function it finds, for the test of this program.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Bound {
    std::string_view what;
    std::size_t lines_told;
    std::size_t lines_max;
};
constexpr Bound header_bound{"header", 200, 400};
constexpr Bound source_bound{"source", 400, 800};
constexpr Bound function_bound{"function", 70, 150};

struct Function {
    std::string name;
    std::size_t first_line;
    std::size_t line_count;
};

// The text with comments, literals and preprocessor lines blanked out; every line stays where it was.
class Blanker {
public:
    explicit Blanker(std::string text) : text_(std::move(text)) {}

    std::string blanked() {
        while (at_ < text_.size()) {
            if (starts("//")) blank_until("\n", Keep::end);
            else if (starts("/*")) blank_until("*/", Keep::nothing);
            else if (starts("R\"")) blank_until(")" + raw_mark() + "\"", Keep::nothing);
            else if (text_[at_] == '"') blank_quoted('"');
            else if (text_[at_] == '\'' && !inside_number()) blank_quoted('\'');
            else if (text_[at_] == '#' && first_of_line()) blank_directive();
            else ++at_;
        }
        return text_;
    }

private:
    enum class Keep { nothing, end };

    bool starts(std::string_view what) const { return std::string_view(text_).substr(at_).starts_with(what); }
    bool inside_number() const { return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0; }  // 1'000
    bool first_of_line() const {
        const std::size_t before = text_.find_last_not_of(" \t", at_ == 0 ? std::string::npos : at_ - 1);
        return at_ == 0 || before == std::string::npos || text_[before] == '\n';
    }
    std::string raw_mark() const { return text_.substr(at_ + 2, text_.find('(', at_) - at_ - 2); }
    void blank_to(std::size_t end) {
        for (end = std::min(end, text_.size()); at_ < end; ++at_)
            if (text_[at_] != '\n') text_[at_] = ' ';
    }
    void blank_until(const std::string& mark, Keep keep) {
        const std::size_t end = text_.find(mark, at_ + 2);
        blank_to(end == std::string::npos ? end : end + (keep == Keep::end ? 0 : mark.size()));
    }
    void blank_quoted(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
        blank_to(end + 1);
    }
    void blank_directive() {
        std::size_t end = text_.find('\n', at_);
        while (end != std::string::npos && text_[end - 1] == '\\') end = text_.find('\n', end + 1);
        blank_to(end);
    }

    std::string text_;
    std::size_t at_ = 0;
};

// Without `template <...>`, so that `class` in a parameter list does not look like a class.
std::string without_template_lists(std::string head) {
    for (std::size_t start = head.find("template"); start != std::string::npos; start = head.find("template")) {
        std::size_t end = head.find('<', start);
        if (end == std::string::npos) break;
        for (int depth = 0; end < head.size(); ++end) {
            if (head[end] == '<') ++depth;
            if (head[end] == '>' && --depth == 0) break;
        }
        head.erase(start, end + 1 - start);
    }
    return head;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// A function's body opens after a head with parameters; that of a type or namespace says so before any parenthesis.
bool opens_function(const std::string& whole_head) {
    const std::string head = without_template_lists(whole_head);
    const std::size_t parameters = head.find('(');
    if (parameters == std::string::npos) return false;
    constexpr std::array<std::string_view, 5> others{"class", "struct", "union", "enum", "namespace"};
    for (std::size_t at = 0; at < parameters;) {
        const std::size_t start = at;
        while (at < parameters && is_word(head[at])) ++at;
        if (std::ranges::find(others, std::string_view(head).substr(start, at - start)) != others.end()) return false;
        if (at == start) ++at;
    }
    return true;
}

// What stands before the parameters; for a lambda, what it is given to.
std::string name_in(const std::string& whole_head) {
    const std::string head = without_template_lists(whole_head);
    const auto in_name = [](char c) { return is_word(c) || c == ':' || c == '~' || c == '.'; };
    std::size_t end = head.find('(');
    if (end > 0 && head[end - 1] == ']') end = head.find_last_of("=(,", head.rfind('[', end));
    if (end == std::string::npos) return "lambda";
    while (end > 0 && !in_name(head[end - 1])) --end;
    std::size_t start = end;
    while (start > 0 && in_name(head[start - 1])) --start;
    return start == end ? "lambda" : head.substr(start, end - start);
}

// Walks the braces of one file. Inside a function nothing is looked for: its lambdas are its own lines.
class FunctionFinder {
public:
    std::vector<Function> functions_of(const std::string& text) {
        for (const char c : text) see(c);
        return found_;
    }

private:
    void see(char c) {
        if (c == '\n') ++line_;
        if (c == '{') open();
        else if (c == '}') close();
        else if (function_depth_ == 0) extend_head(c);
    }
    void open() {
        ++depth_;
        if (function_depth_ == 0 && opens_function(head_)) {
            function_depth_ = depth_;
            current_ = {.name = name_in(head_), .first_line = head_line_, .line_count = 0};
        }
        head_.clear();
    }
    void close() {
        if (function_depth_ == depth_) {
            current_.line_count = line_ - current_.first_line + 1;
            found_.push_back(current_);
            function_depth_ = 0;
        }
        if (depth_ > 0) --depth_;
        head_.clear();
    }
    void extend_head(char c) {
        constexpr std::array<std::string_view, 3> labels{"public", "protected", "private"};
        if (c == ';' || (c == ':' && std::ranges::find(labels, head_) != labels.end())) {
            head_.clear();
        } else if (!head_.empty() || std::isspace(static_cast<unsigned char>(c)) == 0) {
            if (head_.empty()) head_line_ = line_;
            head_ += c;
        }
    }

    std::vector<Function> found_;
    Function current_{};
    std::string head_;
    std::size_t head_line_ = 1;
    std::size_t line_ = 1;
    std::size_t depth_ = 0;
    std::size_t function_depth_ = 0;  // 0: not inside one.
};

struct Tally {
    std::size_t files = 0;
    std::size_t functions = 0;
    std::size_t told = 0;
    std::size_t failed = 0;
};

void judge(Tally& tally, const Bound& bound, std::size_t line_count, const std::string& where) {
    if (line_count <= bound.lines_told) return;
    const bool fails = line_count > bound.lines_max;
    ++(fails ? tally.failed : tally.told);
    std::cout << where << ": " << bound.what << " of " << line_count << " lines; " << (fails ? "the limit is " : "better under ")
              << (fails ? bound.lines_max : bound.lines_told) << '\n';
}

enum class Mode { judge, list };

void see_file(Tally& tally, const fs::path& root, const fs::path& file, Mode mode) {
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const std::string name = fs::relative(file, root).generic_string();
    ++tally.files;
    if (mode == Mode::judge)
        judge(tally, file.extension() == ".h" ? header_bound : source_bound, static_cast<std::size_t>(std::ranges::count(text, '\n')),
              name);
    for (const Function& function : FunctionFinder().functions_of(Blanker(text).blanked())) {
        ++tally.functions;
        const std::string where = name + ":" + std::to_string(function.first_line);
        if (mode == Mode::list) std::cout << where << ": " << function.line_count << " lines: " << function.name << '\n';
        else judge(tally, function_bound, function.line_count, where + ": " + function.name);
    }
}

std::vector<fs::path> files_below(const fs::path& root) {
    constexpr std::array<std::string_view, 3> ours{".h", ".cpp", ".cu"};
    constexpr std::array<std::string_view, 4> passed_over{"build", "out", "fixtures", ".git"};
    std::vector<fs::path> files;
    for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
        const fs::path& path = entry->path();
        if (std::ranges::find(passed_over, path.filename().string()) != passed_over.end()) entry.disable_recursion_pending();
        else if (std::ranges::find(ours, path.extension().string()) != ours.end()) files.push_back(path);
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const Mode mode = arguments.size() == 2 && arguments[0] == "--list" ? Mode::list : Mode::judge;
    if (arguments.empty() || arguments.size() > 2 || (arguments.size() == 2) != (mode == Mode::list)) {
        std::cerr << "usage: size_report [--list] ROOT\n";
        return 2;
    }
    Tally tally;
    for (const fs::path& file : files_below(arguments.back())) see_file(tally, arguments.back(), file, mode);
    std::cout << "sizes: " << tally.files << " files, " << tally.functions << " functions; " << tally.told
              << " longer than they should be, " << tally.failed << " over the limit\n";
    return tally.files == 0 || tally.failed > 0 ? 1 : 0;
}

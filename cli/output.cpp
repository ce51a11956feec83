#include "cli/output.h"

#include "scenarios/utf8.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace kv::cli {
namespace {

int cannot_write(const std::string& file, int error) {
    complain("kvproof: error: cannot write " + printable(file) + ": " + std::strerror(error) + '\n');
    return bad_input;
}

int write_file(const std::string& name, std::string_view report, int status) {
    WholeFile file(name);
    file.write(report);
    return file.finish() ? status : unwritable(file);
}

void end_on_signal(int signal) {
    remove_unfinished_files();
    if (signal != SIGABRT) ::_exit(interrupted);
    constexpr std::string_view text = "kvproof: this is a defect of kvproof, not of its input\n";
    write_all(STDERR_FILENO, text);
    ::_exit(own_defect);
}

}  // namespace

Color chosen_color(const OutputOptions& options) {
    if (options.color == "always") return Color::on;
    const char* no_color = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    const bool refused = options.color == "never" || (no_color != nullptr && *no_color != '\0') ||
                         (terminal != nullptr && std::string_view(terminal) == "dumb");
    return !refused && options.file.empty() && ::isatty(STDOUT_FILENO) == 1 ? Color::on : Color::off;
}

int deliver(const OutputOptions& options, std::string_view report, int status) {
    if (!options.file.empty()) return write_file(options.file, report, status);
    if (options.quiet) return status;
    if (write_all(STDOUT_FILENO, report) || errno == EPIPE) return status;  // Whoever closed the pipe has read enough.
    return cannot_write("the standard output", errno);
}

int unwritable(const WholeFile& file) { return cannot_write(file.file(), file.error()); }

void complain(std::string_view text) { write_all(STDERR_FILENO, text); }

void watch_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // A file that may grow no further is an error of the write.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        if (std::signal(signal, end_on_signal) == SIG_IGN) std::signal(signal, SIG_IGN);  // As nohup wants it.
    std::signal(SIGABRT, end_on_signal);
}

}  // namespace kv::cli

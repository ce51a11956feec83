#include "cli/output.h"

#include "scenarios/utf8.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kv::cli {
namespace {

char temporary_file[4096] = {};  // Read by a signal handler: empty, or what to remove.

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

int unwritable(const std::string& file, int error) {
    complain("kvproof: error: cannot write " + printable(file) + ": " + std::strerror(error) + '\n');
    return bad_input;
}

// A file beside the target, renamed over it when it is complete. What is there and is no plain file (/dev/null, a pipe) is written to.
int write_file(const std::string& file, std::string_view report, int status) {
    struct stat there = {};
    if (::stat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
        const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
        if (descriptor < 0) return unwritable(file, errno);
        const bool written = write_all(descriptor, report);
        const int error = errno;
        ::close(descriptor);
        return written ? status : unwritable(file, error);
    }
    const std::string beside = file + ".XXXXXX";
    if (beside.size() >= sizeof temporary_file) return unwritable(file, ENAMETOOLONG);
    std::string name = beside;
    const int descriptor = ::mkstemp(name.data());
    if (descriptor < 0) return unwritable(file, errno);
    std::memcpy(temporary_file, name.c_str(), name.size() + 1);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    const bool complete = ::fchmod(descriptor, 0666 & ~mask) == 0 && write_all(descriptor, report) && ::fsync(descriptor) == 0;
    const int error = errno;
    ::close(descriptor);
    const bool renamed = complete && ::rename(name.c_str(), file.c_str()) == 0;
    const int rename_error = errno;
    if (!renamed) ::unlink(name.c_str());
    temporary_file[0] = '\0';
    return renamed ? status : unwritable(file, complete ? rename_error : error);
}

void end_on_signal(int signal) {
    if (temporary_file[0] != '\0') ::unlink(temporary_file);
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
    return unwritable("the standard output", errno);
}

void complain(std::string_view text) { write_all(STDERR_FILENO, text); }

void watch_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // A file that may grow no further is an error of the write.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        if (std::signal(signal, end_on_signal) == SIG_IGN) std::signal(signal, SIG_IGN);  // As nohup wants it.
    std::signal(SIGABRT, end_on_signal);
}

}  // namespace kv::cli

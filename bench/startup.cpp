// startup LIMIT_MS PROGRAM ARGS...: how long a program takes from its start to its end, beside the floor that this machine sets
// (/bin/true). Fails when the median is over the limit; the last argument names a file, and without it there is nothing to measure (exit
// 77).
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int run_count = 101;
constexpr int skipped = 77;

struct Figures {
    Milliseconds least;
    Milliseconds median;
};

// Empty when the program cannot be started or does not end with 0.
std::optional<Milliseconds> run_once(char* const* arguments) {
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const auto start = std::chrono::steady_clock::now();
    pid_t child = 0;
    const int refused = posix_spawn(&child, arguments[0], &quiet, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&quiet);
    int status = 0;
    if (refused != 0 || waitpid(child, &status, 0) != child || status != 0) return std::nullopt;
    return std::chrono::steady_clock::now() - start;
}

std::optional<Figures> measure(char* const* arguments) {
    std::vector<Milliseconds> times;
    for (int i = 0; i < run_count; ++i) {
        const auto time = run_once(arguments);
        if (!time) return std::nullopt;
        times.push_back(*time);
    }
    std::ranges::sort(times);
    return Figures{.least = times.front(), .median = times[times.size() / 2]};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: startup LIMIT_MS PROGRAM ARGS...\n", stderr);
        return 2;
    }
    const Milliseconds limit(std::atof(argv[1]));
    if (argc > 3 && !std::filesystem::exists(argv[argc - 1])) {
        std::printf("skipped: there is no %s\n", argv[argc - 1]);
        return skipped;
    }
    std::array<char, 10> floor_program{"/bin/true"};
    const std::array<char*, 2> floor_arguments{floor_program.data(), nullptr};
    const auto floor = measure(floor_arguments.data());
    const auto figures = measure(argv + 2);
    if (!floor || !figures) {
        std::printf("%s does not run to a good end\n", floor ? argv[2] : "/bin/true");
        return 1;
    }
    std::printf("%d runs of %s: median %.2f ms, least %.2f ms; /bin/true: median %.2f ms, least %.2f ms; limit %.0f ms\n", run_count,
                argv[2], figures->median.count(), figures->least.count(), floor->median.count(), floor->least.count(), limit.count());
    return figures->median <= limit ? 0 : 1;
}

#include "reports/gnuplot.h"

#include <fmt/format.h>
#include <gnuplot-iostream.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <unistd.h>

namespace kv {
namespace {

// Ends each picture in what gnuplot writes. No text of a plot has a control character, and compressed data does not spell it.
constexpr std::string_view end_of_picture =
    "\x1e"
    "end of picture\n";

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using UnnamedFile = std::unique_ptr<std::FILE, Close>;

std::string contents(std::FILE* file) {
    std::rewind(file);
    std::string text;
    constexpr std::size_t chunk_bytes = 1 << 16;
    for (std::size_t got = chunk_bytes; got == chunk_bytes;) {
        const std::size_t before = text.size();
        text.resize(before + chunk_bytes);
        got = std::fread(text.data() + before, 1, chunk_bytes, file);
        text.resize(before + got);
    }
    return text;
}

// A process that ends early must not end this one.
class WithoutPipeSignal {
public:
    WithoutPipeSignal() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
    ~WithoutPipeSignal() { std::signal(SIGPIPE, before_); }
    WithoutPipeSignal(const WithoutPipeSignal&) = delete;
    WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;

private:
    void (*before_)(int);
};

bool is_installed() {
    const char* path = std::getenv("PATH");
    std::string_view folders = path == nullptr ? "" : path;
    while (!folders.empty()) {
        const std::string_view folder = folders.substr(0, folders.find(':'));
        if (::access((std::string(folder) + "/gnuplot").c_str(), X_OK) == 0) return true;
        folders.remove_prefix(std::min(folder.size() + 1, folders.size()));
    }
    return false;
}

std::string terminal(const PlotJob& job) {
    constexpr int png_scale = 2;  // Pixels of a unit.
    const Plot& plot = *job.plot;
    if (job.format == PlotFormat::svg)
        return fmt::format("set terminal svg size {},{} dynamic noenhanced font 'sans-serif,{}' background '#ffffff'\n", plot.width,
                           plot.height, plot_font_size);
    return fmt::format("set terminal pngcairo size {},{} noenhanced font 'sans-serif,{}' fontscale {} linewidth {} background '#ffffff'\n",
                       png_scale * plot.width, png_scale * plot.height, plot_font_size, png_scale * 0.75, png_scale);
}

std::vector<std::string> pictures_in(std::string_view written) {
    std::vector<std::string> pictures;
    for (std::size_t end = written.find(end_of_picture); end != std::string_view::npos; end = written.find(end_of_picture)) {
        pictures.emplace_back(written.substr(0, end));
        written.remove_prefix(end + end_of_picture.size());
    }
    return pictures;
}

bool is_whole(std::string_view picture, PlotFormat format) {
    if (format == PlotFormat::svg)
        return picture.find("<svg") != std::string_view::npos && picture.find("</svg>") != std::string_view::npos;
    return picture.starts_with("\x89PNG") && picture.find("IEND") != std::string_view::npos;
}

}  // namespace

std::variant<std::vector<std::string>, PlotError> draw(const std::vector<PlotJob>& jobs) {
    if (jobs.empty()) return std::vector<std::string>{};
    if (!is_installed()) return PlotError{"plots are drawn by gnuplot, and there is none: install the package gnuplot-nox"};
    const UnnamedFile pictures(std::tmpfile());
    const UnnamedFile messages(std::tmpfile());
    if (!pictures || !messages) return PlotError{fmt::format("plots need a temporary file: {}", std::strerror(errno))};
    {
        const WithoutPipeSignal guard;
        // Whether it worked is seen in what it wrote: the library would print an exit status.
        gnuplotio::Gnuplot gnuplot(fmt::format("LC_ALL=C.UTF-8 gnuplot --default-settings >>/proc/self/fd/{} 2>>/proc/self/fd/{} || :",
                                               ::fileno(pictures.get()), ::fileno(messages.get())));
        gnuplot << "set encoding utf8\nset print '-'\n";
        for (const PlotJob& job : jobs)
            gnuplot << "reset\n" << terminal(job) << job.plot->commands << "set output\nprint \"\\036end of picture\"\n";
    }
    std::vector<std::string> drawn = pictures_in(contents(pictures.get()));
    bool whole = drawn.size() == jobs.size();
    for (std::size_t i = 0; whole && i < jobs.size(); ++i) whole = is_whole(drawn[i], jobs[i].format);
    if (!whole) {
        std::string said = contents(messages.get());
        said.erase(std::min(said.find_last_not_of('\n') + 1, said.size()));
        return PlotError{"gnuplot could not draw the plots: " + (said.empty() ? "it ended without a word" : said)};
    }
    return drawn;
}

}  // namespace kv

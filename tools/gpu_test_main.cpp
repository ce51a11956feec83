// kvproof_kernel_check [--device auto|cpu|cuda] [--cases N] [--seed S] [--bench] [--no-twins] [--plant] [--output FILE]: the checks of
// `kvproof kernels` with nothing but compilers to build them; tools/gpu_test.sh builds and runs it. --no-twins leaves out the kernels that
// are wrong on purpose, for a run under a checker of memory; --plant runs one of them and nothing else: the checker must see it.
#include "harness/kernel_checks.h"
#include "kernels/device.h"
#include "reports/kernel_json.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

struct Wish {
    kv::CheckWish checks;
    kv::DeviceChoice device = kv::DeviceChoice::automatic;
    kv::FigureChoice figures = kv::FigureChoice::none;
    bool plant = false;
    std::string output;
};

std::optional<std::int64_t> number_of(const std::string& text, std::int64_t least) {
    char* end = nullptr;
    errno = 0;
    const long long value = std::strtoll(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0' || errno != 0 || value < least) return std::nullopt;
    return value;
}

std::optional<Wish> read(const std::vector<std::string>& arguments) {
    Wish wish;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& name = arguments[i];
        const std::string value = i + 1 < arguments.size() ? arguments[i + 1] : "";
        const auto number = number_of(value, name == "--cases" ? 1 : 0);
        if (name == "--bench") wish.figures = kv::FigureChoice::measured;
        else if (name == "--no-twins") wish.checks.twins = false;
        else if (name == "--plant") wish.plant = true;
        else if (name == "--cases" && number) wish.checks.cases = *number, ++i;
        else if (name == "--seed" && number) wish.checks.seed = static_cast<std::uint64_t>(*number), ++i;
        else if (name == "--output" && !value.empty()) wish.output = value, ++i;
        else if (name == "--format" && value == "json") ++i;  // As kvproof has it; there is no other here.
        else if (name == "--device" && value == "auto") wish.device = kv::DeviceChoice::automatic, ++i;
        else if (name == "--device" && value == "cpu") wish.device = kv::DeviceChoice::cpu, ++i;
        else if (name == "--device" && value == "cuda") wish.device = kv::DeviceChoice::cuda, ++i;
        else return std::nullopt;
    }
    return wish;
}

int run(const Wish& wish) {
    if (wish.plant) {
        kv::plant_bad_write_on_device(wish.checks.seed);
        return 0;
    }
    const kv::KernelReport report = kv::check_kernels(wish.checks, wish.device, wish.figures);
    const std::string json = kv::kernel_json(report);
    if (wish.output.empty()) {
        std::cout << json;
    } else if (!(std::ofstream(wish.output, std::ios::binary) << json << std::flush)) {
        std::cerr << "kvproof_kernel_check: error: cannot write " << wish.output << '\n';
        return 2;
    }
    return report.right() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const auto wish = read({argv + 1, argv + argc});
    if (!wish) {
        std::cerr << "usage: kvproof_kernel_check [--device auto|cpu|cuda] [--cases N] [--seed S] [--bench] [--no-twins] [--plant] "
                     "[--output FILE]\n";
        return 2;
    }
    try {
        return run(*wish);
    } catch (const std::exception& error) {
        std::cerr << "kvproof_kernel_check: error: " << error.what() << '\n';
        return 2;
    }
}

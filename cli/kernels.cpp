#include "cli/commands.h"
#include "kernels/device.h"
#include "reports/kernel_json.h"
#include "reports/kernel_text.h"

#include <CLI/CLI.hpp>

#include <map>
#include <memory>

namespace kv::cli {
namespace {

struct KernelsCommand {
    std::string device = "auto";
    CheckWish wish;
    bool bench = false;
    bool no_twins = false;
    bool plant = false;
    OutputOptions output;
};

int run(const KernelsCommand& command) {
    static const std::map<std::string, DeviceChoice> choices{
        {"auto", DeviceChoice::automatic}, {"cpu", DeviceChoice::cpu}, {"cuda", DeviceChoice::cuda}};
    const DeviceChoice choice = choices.at(command.device);
    if (choice == DeviceChoice::cuda || command.plant) {
        if (const DeviceAvailability there = device_available(); !there.available) {
            complain(std::string("kvproof kernels: error: ") + (command.plant ? "--plant" : "--device cuda") + ": " + there.text + '\n');
            return bad_input;
        }
    }
    if (command.plant) {
        plant_bad_write_on_device(command.wish.seed);
        return ok;
    }
    CheckWish wish = command.wish;
    wish.twins = !command.no_twins;
    const KernelReport report = check_kernels(wish, choice, command.bench ? FigureChoice::measured : FigureChoice::none);
    const bool json = command.output.format == "json";
    return deliver(command.output, json ? kernel_json(report) : kernel_text(report, chosen_color(command.output)),
                   report.right() ? ok : findings);
}

}  // namespace

Run add_kernels(CLI::App& app) {
    auto command = std::make_shared<KernelsCommand>();
    CLI::App& options =
        *app.add_subcommand("kernels", "Check the capture kernels against modelled slot mappings; exit 1 when a check fails");
    options.add_option("--device", command->device, "auto, cpu or cuda; auto takes a GPU where there is one")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
        ->type_name("DEVICE")
        ->capture_default_str();
    constexpr std::int64_t cases_max = 100'000'000;
    options.add_option("--cases", command->wish.cases, "random steps on each machine")
        ->check(CLI::Range(std::int64_t{1}, cases_max))
        ->type_name("N")
        ->capture_default_str();
    options.add_option("--seed", command->wish.seed, "the same seed makes the same cases")
        ->check(CLI::NonNegativeNumber)
        ->type_name("S")
        ->capture_default_str();
    options.add_flag("--bench", command->bench, "measure the kernels too; exit 1 when a budget is missed");
    options.add_flag("--no-twins", command->no_twins,
                     "leave out the kernels that are wrong on purpose, for a run under a checker of memory");
    options.add_flag("--plant", command->plant, "run one of those on a device and nothing else: a checker of memory must see it");
    add_output_options(options, command->output);
    options.footer("Example: kvproof kernels --device cpu --cases 1000");
    return [command] { return run(*command); };
}

}  // namespace kv::cli

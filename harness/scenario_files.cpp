#include "harness/scenario_files.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace kv {
namespace {

namespace fs = std::filesystem;

Diagnostic wrong_folder(const std::string& folder, std::string message) {
    return {.where = {.file = folder}, .message = std::move(message), .line_text = {}};
}

std::vector<std::string> files_below(const std::string& folder, Diagnostics& diagnostics) {
    std::vector<std::string> files;
    std::error_code failed;
    for (auto entry = fs::recursive_directory_iterator(folder, failed); !failed && entry != fs::recursive_directory_iterator();
         entry.increment(failed)) {
        if (entry->path().extension() == ".toml" && !entry->is_directory(failed)) files.push_back(entry->path().string());
        if (files.size() <= scenario_files_max) continue;
        diagnostics.push_back(wrong_folder(folder, "has more than " + std::to_string(scenario_files_max) + " files that end in .toml"));
        return {};
    }
    if (failed) diagnostics.push_back(wrong_folder(folder, "cannot be read: " + failed.message()));
    else if (files.empty()) diagnostics.push_back(wrong_folder(folder, "has no file that ends in .toml: expected scenarios"));
    std::ranges::sort(files);
    return files;
}

}  // namespace

std::vector<std::string> scenario_files(const std::vector<std::string>& names, Diagnostics& diagnostics) {
    std::vector<std::string> files;
    for (const std::string& name : names) {
        std::error_code unknown;
        if (name == "-" || !fs::is_directory(name, unknown)) files.push_back(name);
        else std::ranges::move(files_below(name, diagnostics), std::back_inserter(files));
    }
    return files;
}

}  // namespace kv

#include "harness/expectations.h"

#include <algorithm>

namespace kv {
namespace {

std::string_view name_of(Named auto value) { return names_of(value)[static_cast<std::size_t>(value)]; }

class Figures {
public:
    void add(std::string_view name, const std::optional<std::int64_t>& value) {
        if (value) list_.push_back({std::string(name), std::to_string(*value), true});
    }
    template <class Unit>
    void add(std::string_view name, const std::optional<Count<Unit>>& value) {
        if (value) list_.push_back({std::string(name), std::to_string(value->value), true});
    }
    template <Named Value>
    void add(std::string_view name, const std::optional<Value>& value) {
        if (value) list_.push_back({std::string(name), std::string(name_of(*value))});
    }
    void add(std::string_view name, const std::optional<std::string>& value) {
        if (value) list_.push_back({std::string(name), *value});
    }
    std::vector<NamedFigure> take() { return std::move(list_); }

private:
    std::vector<NamedFigure> list_ = {};
};

template <class Id>
std::optional<std::int64_t> number_of(const std::optional<Id>& id) {
    if (!id) return std::nullopt;
    return static_cast<std::int64_t>(*id);
}

std::optional<std::string> named(const std::optional<RequestId>& id, const RequestNames& names) {
    if (!id) return std::nullopt;
    return names(*id);
}

const std::string* figure(const std::vector<NamedFigure>& figures, const std::string& name) {
    const auto found = std::ranges::find(figures, name, &NamedFigure::name);
    return found == figures.end() ? nullptr : &found->value;
}

// The figures that are expected beside those of a finding.
std::vector<ComparedFigure> compared(const std::vector<NamedFigure>& expected, const std::vector<NamedFigure>& actual) {
    std::vector<ComparedFigure> all;
    for (const NamedFigure& wanted : expected) {
        const std::string* found = figure(actual, wanted.name);
        all.push_back({wanted.name, wanted.value, found == nullptr ? std::nullopt : std::optional(*found)});
    }
    return all;
}

std::int64_t differences(const std::vector<ComparedFigure>& figures) {
    return std::ranges::count_if(figures, [](const ComparedFigure& each) { return !each.equal(); });
}

std::string in_words(std::size_t findings) {
    return findings == 0 ? "no finding" : findings == 1 ? "1 finding" : std::to_string(findings) + " findings";
}

CheckedExpectation check_none(std::span<const Finding> findings) {
    CheckedExpectation checked{.met = findings.empty(), .expected = "no finding of any property", .actual = in_words(findings.size())};
    for (std::size_t i = 0; i < findings.size(); ++i) checked.findings.push_back(i);
    return checked;
}

CheckedExpectation check_ends(const Expectation& expected, const RunOutcome& outcome) {
    const auto words = [](RunEnd end, const std::optional<Raised>& error) {
        return "ends " + std::string(name_of(end)) + (error ? " with " + std::string(name_of(*error)) : "");
    };
    return {.met = *expected.ends == outcome.end && (!expected.error || *expected.error == outcome.error),
            .expected = words(*expected.ends, expected.error),
            .actual = words(outcome.end, outcome.error)};
}

class Check {
public:
    Check(const Expectation& expected, std::span<const Finding> findings, const RequestNames& names) : expected_(expected) {
        wanted_ = figures_of(expected);
        for (std::size_t i = 0; i < findings.size(); ++i) {
            if (findings[i].property != *expected.property) continue;
            places_.push_back(i);
            compared_.push_back(compared(wanted_, figures_of(findings[i], names)));
        }
    }

    CheckedExpectation result() {
        CheckedExpectation checked{.expected = words(), .actual = in_words(places_.size())};
        for (std::size_t i = 0; i < places_.size(); ++i)
            if (differences(compared_[i]) == 0) checked.findings.push_back(places_[i]);
        const auto matching = std::ssize(checked.findings);
        if (expected_.verdict == ExpectedVerdict::holds) {
            checked.met = matching == 0;
            if (!checked.met) checked.figures = compared_.front();
            return checked;
        }
        checked.met = matching > 0 && (!expected_.count || matching == *expected_.count);
        if (checked.met) return checked;
        if (!compared_.empty()) {
            const auto closest = std::ranges::min_element(compared_, {}, differences);
            checked.figures = *closest;
            checked.findings = {places_[static_cast<std::size_t>(closest - compared_.begin())]};
        } else {
            checked.figures = compared(wanted_, {});
        }
        if (expected_.count) checked.figures.push_back({"count", std::to_string(*expected_.count), std::to_string(matching)});
        return checked;
    }

private:
    std::string words() const {
        return std::string(name_of(*expected_.property)) + (expected_.verdict == ExpectedVerdict::holds ? " holds" : " broken");
    }

    const Expectation& expected_;
    std::vector<NamedFigure> wanted_;
    std::vector<std::size_t> places_ = {};
    std::vector<std::vector<ComparedFigure>> compared_ = {};  // One for each place.
};

}  // namespace

std::vector<NamedFigure> figures_of(const Finding& finding, const RequestNames& names) {
    Figures figures;
    figures.add("rank", number_of(finding.rank));
    figures.add("step", number_of(finding.step));
    figures.add("group", finding.group);
    figures.add("layer", finding.layer);
    figures.add("request", named(finding.request, names));
    figures.add("reported", finding.reported);
    figures.add("truth", finding.truth);
    figures.add("length", finding.length);
    figures.add("direction", finding.direction);
    figures.add("hit", finding.hit);
    figures.add("slot", finding.slot);
    figures.add("rows", finding.rows);
    figures.add("state", finding.state);
    figures.add("producer", named(finding.producer, names));
    figures.add("needed", finding.needed);
    figures.add("free", finding.free);
    figures.add("blocks", finding.blocks);
    figures.add("page", finding.page);
    figures.add("value", finding.value);
    figures.add("limit", finding.limit);
    figures.add("released", finding.released);
    return figures.take();
}

std::vector<NamedFigure> figures_of(const Expectation& expected) {
    Figures figures;
    figures.add("rank", expected.rank);
    figures.add("step", expected.step);
    figures.add("group", expected.group);
    figures.add("layer", expected.layer);
    figures.add("request", expected.request);
    figures.add("reported", expected.reported);
    figures.add("truth", expected.truth);
    figures.add("length", expected.length);
    figures.add("direction", expected.direction);
    figures.add("hit", expected.hit);
    figures.add("slot", expected.slot);
    figures.add("rows", expected.rows);
    figures.add("state", expected.state);
    figures.add("producer", expected.producer);
    figures.add("needed", expected.needed);
    figures.add("free", expected.free);
    figures.add("blocks", expected.blocks);
    figures.add("page", expected.page);
    figures.add("value", expected.value);
    figures.add("limit", expected.limit);
    figures.add("released", expected.released);
    return figures.take();
}

std::vector<CheckedExpectation> check_expectations(std::span<const Expectation> expectations, const RunOutcome& outcome,
                                                   const RequestNames& names) {
    std::vector<CheckedExpectation> all;
    for (const Expectation& expected : expectations) {
        if (expected.ends) all.push_back(check_ends(expected, outcome));
        else all.push_back(expected.none() ? check_none(outcome.findings) : Check(expected, outcome.findings, names).result());
    }
    return all;
}

}  // namespace kv

#include "scenarios/layer_order.h"

#include "scenarios/diagnostic.h"
#include "scenarios/utf8.h"

#include <algorithm>

namespace kv {
namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
constexpr std::string_view digits = "0123456789";

bool starts_id(char character) { return letters.find(character) != std::string_view::npos; }
bool is_digit(char character) { return digits.find(character) != std::string_view::npos; }
bool continues_id(char character) { return starts_id(character) || is_digit(character) || character == '-' || character == '.'; }

// Recursive descent; the depth is limited, and so is what a repetition may become.
class OrderReader {
public:
    OrderReader(std::string_view text, const std::vector<std::string_view>& ids) : text_(text), ids_(ids) {}

    std::vector<std::size_t> whole() {
        std::vector<std::size_t> layers = items(0);
        if (at_ < text_.size()) throw error(at_, 1, text_[at_] == ')' ? "a `)` that nothing opens" : "expected `,` between two items");
        return layers;
    }

private:
    static OrderError error(std::size_t offset, std::size_t length, std::string message) {
        return {offset, std::max<std::size_t>(length, 1), std::move(message)};
    }

    std::vector<std::size_t> items(std::size_t depth) {
        std::vector<std::size_t> layers = item(depth);
        while (next_is(',')) {
            ++at_;
            const std::size_t begin = at_;
            const std::vector<std::size_t> more = item(depth);
            limit(layers.size() + more.size(), begin);
            layers.insert(layers.end(), more.begin(), more.end());
        }
        return layers;
    }

    std::vector<std::size_t> item(std::size_t depth) {
        skip_blanks();
        const std::size_t begin = at_;
        const std::size_t times = repetition();
        std::vector<std::size_t> once = next_is('(') ? bracket(depth) : std::vector{layer()};
        limit(times * once.size(), begin);
        std::vector<std::size_t> layers;
        layers.reserve(times * once.size());
        for (std::size_t i = 0; i < times; ++i) layers.insert(layers.end(), once.begin(), once.end());
        return layers;
    }

    // "10 x" in front of what is repeated; 1 when there is none.
    std::size_t repetition() {
        if (at_ >= text_.size() || !is_digit(text_[at_])) return 1;
        const std::size_t begin = at_;
        std::size_t times = 0;
        for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
            times = std::min(times * 10 + static_cast<std::size_t>(text_[at_] - '0'), layers_max + 1);
        if (times == 0) throw error(begin, at_ - begin, "repeated 0 times: expected at least 1");
        limit(times, begin);
        if (!next_is('x')) throw error(at_, 1, "expected `x` after the number, as in \"5 x window\"");
        ++at_;
        skip_blanks();
        return times;
    }

    std::vector<std::size_t> bracket(std::size_t depth) {
        const std::size_t begin = at_;
        if (depth == order_nesting_max) throw error(begin, 1, "brackets nested deeper than " + std::to_string(order_nesting_max));
        ++at_;
        std::vector<std::size_t> layers = items(depth + 1);
        if (!next_is(')'))
            throw error(at_ < text_.size() ? at_ : begin, 1, at_ < text_.size() ? "expected `,` or `)`" : "this `(` is not closed");
        ++at_;
        skip_blanks();
        return layers;
    }

    std::size_t layer() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && continues_id(text_[at_])) ++at_;
        const std::string_view word = text_.substr(begin, at_ - begin);
        if (word.empty()) {
            const std::size_t bytes = begin < text_.size() ? code_point_at(text_, begin).bytes : 1;
            throw error(std::min(begin, text_.empty() ? 0 : text_.size() - 1), bytes, "expected the id of a layer, or `(`");
        }
        skip_blanks();
        const auto found = std::ranges::find(ids_, word);
        if (found != ids_.end()) return static_cast<std::size_t>(found - ids_.begin());
        const std::string meant = nearest(word, ids_);
        throw error(
            begin, word.size(),
            "no [[model.layer]] has the id `" + shortened(word, 40) + '`' + (meant.empty() ? "" : ": did you mean `" + meant + "`?"));
    }

    bool next_is(char character) {
        skip_blanks();
        return at_ < text_.size() && text_[at_] == character;
    }

    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    }

    void limit(std::size_t layers, std::size_t begin) const {
        if (layers > layers_max) throw error(begin, at_ - begin, "more than " + std::to_string(layers_max) + " layers");
    }

    std::string_view text_;
    const std::vector<std::string_view>& ids_;
    std::size_t at_ = 0;
};

}  // namespace

std::variant<std::vector<std::size_t>, OrderError> layers_in_order(std::string_view order, const std::vector<std::string_view>& ids) {
    try {
        return OrderReader(order, ids).whole();
    } catch (const OrderError& error) {
        return error;
    }
}

bool is_layer_id(std::string_view text) { return !text.empty() && starts_id(text.front()) && std::ranges::all_of(text, continues_id); }

}  // namespace kv

// A page read as strictly as XML: what is open, what it refers to, what it says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kv::testing {

struct PageTag {
    std::string name;
    std::map<std::string, std::string> attributes;
};

struct Page {
    std::vector<PageTag> tags;          // That open, in their order.
    std::string text;                   // Between tags, without the style sheet.
    std::vector<std::string> mistakes;  // Tags that do not match, attributes without quotes, ids that come twice.

    std::set<std::string> ids() const;
    std::vector<std::string> values(std::string_view attribute) const;
    std::size_t count(std::string_view tag) const;
};

class PageReader {
public:
    explicit PageReader(std::string_view html) : html_(html) {}

    Page read() {
        while (at_ < html_.size()) {
            const std::size_t begin = std::min(html_.find('<', at_), html_.size());
            page_.text += html_.substr(at_, begin - at_);
            at_ = begin;
            if (at_ == html_.size()) break;
            tag();
        }
        if (!open_.empty()) mistake("<" + open_.back() + "> is never closed");
        return std::move(page_);
    }

private:
    void mistake(const std::string& what) { page_.mistakes.push_back("at byte " + std::to_string(at_) + ": " + what); }

    void tag() {
        const std::size_t end = html_.find('>', at_);
        if (end == std::string_view::npos) {
            mistake("a tag without an end");
            at_ = html_.size();
            return;
        }
        std::string_view inside = html_.substr(at_ + 1, end - at_ - 1);
        if (inside.starts_with("!DOCTYPE")) {
            at_ = end + 1;
            return;
        }
        if (inside.starts_with('/')) close(std::string(inside.substr(1)));
        else open(inside);
        at_ = end + 1;
        if (!open_.empty() && open_.back() == "style") at_ = std::min(html_.find("</style>", at_), html_.size());
    }

    void close(const std::string& name) {
        if (open_.empty() || open_.back() != name)
            mistake("</" + name + "> closes " + (open_.empty() ? "nothing" : "<" + open_.back() + ">"));
        else open_.pop_back();
    }

    void open(std::string_view inside) {
        static const std::set<std::string> alone{"meta", "link", "br", "img"};
        const bool closed = inside.ends_with('/');
        if (closed) inside.remove_suffix(1);
        PageTag tag;
        const std::size_t name_end = std::min(inside.find_first_of(" \n\t"), inside.size());
        tag.name = inside.substr(0, name_end);
        attributes(inside.substr(name_end), tag);
        if (!closed && !alone.contains(tag.name)) open_.push_back(tag.name);
        if (const auto id = tag.attributes.find("id"); id != tag.attributes.end() && !ids_.insert(id->second).second)
            mistake("the id " + id->second + " comes twice");
        page_.tags.push_back(std::move(tag));
    }

    void attributes(std::string_view rest, PageTag& tag) {
        while (true) {
            const std::size_t begin = rest.find_first_not_of(" \n\t");
            if (begin == std::string_view::npos) return;
            const std::size_t equals = rest.find('=', begin);
            if (equals == std::string_view::npos) return mistake("an attribute without a value in <" + tag.name + ">");
            std::string name(rest.substr(begin, equals - begin));
            name.erase(name.find_last_not_of(' ') + 1);
            const std::size_t quote = rest.find_first_not_of(' ', equals + 1);
            if (quote == std::string_view::npos || (rest[quote] != '"' && rest[quote] != '\''))
                return mistake("a value without quotes in <" + tag.name + ">");
            const std::size_t end = rest.find(rest[quote], quote + 1);
            if (end == std::string_view::npos) return mistake("a value without an end in <" + tag.name + ">");
            if (!tag.attributes.emplace(name, rest.substr(quote + 1, end - quote - 1)).second)
                mistake("the attribute " + name + " comes twice");
            rest.remove_prefix(end + 1);
        }
    }

    std::string_view html_;
    std::size_t at_ = 0;
    Page page_;
    std::vector<std::string> open_;
    std::set<std::string> ids_;
};

inline std::set<std::string> Page::ids() const {
    const std::vector<std::string> all = values("id");
    return {all.begin(), all.end()};
}

inline std::vector<std::string> Page::values(std::string_view attribute) const {
    std::vector<std::string> found;
    for (const PageTag& tag : tags)
        if (const auto value = tag.attributes.find(std::string(attribute)); value != tag.attributes.end()) found.push_back(value->second);
    return found;
}

inline std::size_t Page::count(std::string_view tag) const {
    return static_cast<std::size_t>(std::ranges::count(tags, tag, &PageTag::name));
}

inline Page read_page(std::string_view html) { return PageReader(html).read(); }

}  // namespace kv::testing

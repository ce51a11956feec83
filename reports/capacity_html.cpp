#include "reports/capacity_html.h"

#include "reports/capacity_html_tables.h"
#include "reports/capacity_notes.h"
#include "reports/capacity_words.h"
#include "reports/html_page.h"
#include "reports/html_table.h"
#include "reports/numbers.h"
#include "reports/quoting.h"
#include "reports/svg_inline.h"

#include <fmt/format.h>

#include <cctype>

namespace kv {
namespace {

std::string head_html(const std::vector<CapacityAnswer>& answers, const std::vector<ModelView>& views) {
    const std::string settings =
        answers.size() == views.size()
            ? std::string()
            : fmt::format(", {} together", counted(static_cast<std::int64_t>(answers.size()), "setting", "settings"));
    return fmt::format(
        "<header>\n<h1>What really fits: KV cache capacity, reported against true</h1>\n"
        "<p class=\"lead\">{}{}. <a href=\"#reading\">How to read it</a>, <a href=\"#engines\">engines and patches</a>, "
        "<a href=\"#inputs\">inputs and command</a>.</p>\n</header>\n",
        counted(static_cast<std::int64_t>(views.size()), "model", "models"), settings);
}

std::string summary_html(const std::vector<ModelView>& views, std::size_t answers) {
    std::string out = "<section class=\"first\" id=\"summary\">\n<h2>All models</h2>\n";
    if (answers > views.size())
        out += "<p class=\"faint\">Each under the first of its settings that has a truth; the model's section has the others.</p>\n";
    return out + summary_table(views) + tint_key() + "</section>\n";
}

// What the model was planned with.
std::string setting_html(const ModelView& view) {
    const CapacityAnswer& answer = *view.base;
    std::vector<std::string> parts;
    const std::string knobs = settings_sentence(answer.question.knobs);
    if (!knobs.empty()) parts.push_back("with " + knobs);
    if (!answer.pools.empty()) {
        const CapacityPool& pool = answer.pools.front();
        if (!pool.memory.empty()) parts.push_back(memory_words(pool.memory) + " for the cache");
        if (!pool.assumed.empty()) parts.push_back("assumed " + pool.assumed);
        parts.push_back("requests of up to " + counted(pool.model_len_max.value, "token", "tokens"));
        parts.push_back("steps of " + counted(pool.settings.batched_max.value, "token", "tokens"));
        parts.push_back(fmt::format("tensor parallel {}, {}", pool.settings.parallel.tensor,
                                    counted(pool.settings.parallel.pipeline, "pipeline stage", "pipeline stages")));
    }
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : "; ") + part;
    if (!out.empty()) out.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(out.front())));
    return out.empty() ? out : "<p class=\"faint\">" + html_text(out) + ".</p>\n";
}

std::string figure_html(const std::optional<Figure>& figure, const std::string& caption) {
    if (!figure) return {};
    return "<figure>\n" + svg_for_page(figure->svg, figure->plot.meaning) + "<figcaption>" + html_text(caption) +
           "</figcaption>\n</figure>\n";
}

// A plot and its table beside each other where there is room.
std::string pair_html(const std::string& figure, const std::string& table) {
    if (figure.empty()) return table;
    return "<div class=\"pair\">\n" + figure + "<div>\n" + table + "</div>\n</div>\n";
}

std::string model_html(const ModelView& view, std::size_t index, const ModelFigures* figures) {
    const CapacityAnswer& answer = *view.base;
    static const ModelFigures no_figures;
    const ModelFigures& drawn = figures != nullptr ? *figures : no_figures;
    std::string out = fmt::format("<section class=\"model\" id=\"m{}\">\n<h2>{}</h2>\n", index + 1, html_name(view.name));
    out += setting_html(view);
    out += "<p class=\"lead\">" + html_text(capacity_sentence(answer)) + "</p>\n";
    out += figures_table(answer);
    out += pair_html(
        figure_html(drawn.curve, "What fits by the length of the requests (solid), and what is reported whatever the length (dashed)."),
        lengths_table(answer));
    out += pair_html(figure_html(drawn.memory, "Where the memory goes when no further request fits."), memory_table(answer));
    out += groups_tables(answer);
    if (answer.question.workload != nullptr) out += "<h3>A real workload</h3>\n" + workload_tables(answer);
    const std::string sweep = sweep_tables(view);
    if (!sweep.empty()) out += "<h3>Swept</h3>\n" + sweep;
    return out + "<p class=\"screen\"><a href=\"#summary\">All models</a></p>\n</section>\n";
}

std::string reading_html() {
    std::string out = "<section id=\"reading\">\n<h2>How to read it</h2>\n";
    for (const std::string_view sentence : reading_sentences()) out += "<p>" + html_text(sentence) + "</p>\n";
    return out + "</section>\n";
}

std::string engines_html(const std::vector<CapacityAnswer>& answers) {
    std::string out = "<section id=\"engines\">\n<h2>Engines and patches</h2>\n<dl>\n";
    for (const EngineNote& note : engine_notes(answers)) {
        out += "<dt>" + html_text(note.id) + "</dt>\n<dd>" + html_text(note.meaning);
        if (!note.source.empty()) out += " <span class=\"faint\">(" + html_text(note.source) + ")</span>";
        out += "</dd>\n";
    }
    return out + "</dl>\n</section>\n";
}

std::string origin_html(const ReportOrigin& origin, bool plots) {
    std::string out = "<section id=\"inputs\">\n<h2>Inputs and command</h2>\n";
    HtmlTable table("The files that this report was made from");
    table.head({text_cell("file"), number_cell("bytes"), text_cell("SHA-256")});
    for (const InputFile& input : origin.inputs) {
        HtmlCell name{.html = html_name(input.name), .head = true};
        HtmlCell digest = text_cell(input.bytes ? input.sha256 : "no plain file");
        digest.classes = "mono";
        table.row({std::move(name), number_cell(input.bytes ? grouped(*input.bytes) : "-"), std::move(digest)});
    }
    if (!table.empty()) out += table.html();
    if (!plots) out += "<p>This report was made without plots.</p>\n";
    out += "<p>The command that writes this page to the standard output:</p>\n<pre><code>" + html_text(origin.command) + "</code></pre>\n";
    return out + "<p class=\"faint\">" + html_text(origin.version) + "</p>\n</section>\n";
}

}  // namespace

std::string capacity_html(const std::vector<CapacityAnswer>& answers, const ReportOrigin& origin,
                          const std::vector<ModelFigures>& figures) {
    const std::vector<ModelView> views = model_views(answers);
    std::string body = head_html(answers, views) + shared_svg_parts(figures) + "<main>\n" + summary_html(views, answers.size());
    for (std::size_t i = 0; i < views.size(); ++i) body += model_html(views[i], i, i < figures.size() ? &figures[i] : nullptr);
    body += reading_html() + engines_html(answers) + origin_html(origin, !figures.empty()) + "</main>\n";
    const std::string title = views.size() == 1 ? "Capacity of " + views.front().name : fmt::format("Capacity of {} models", views.size());
    return html_page(title, body);
}

}  // namespace kv

#include "reports/html_page.h"

#include "reports/palette.h"
#include "reports/quoting.h"

#include <fmt/format.h>

namespace kv {
namespace {

constexpr std::string_view layout = R"css(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 16px}
h1{font-size:1.6rem;line-height:1.25;margin:1.6rem 0 .4rem}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .3rem}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
p{margin:.4rem 0;max-width:80ch}
a{color:var(--link)}
:target{scroll-margin-top:8px}
.faint{color:var(--faint)}
.lead{font-size:1.05rem}
section{margin:2rem 0;padding-top:1.4rem;border-top:1px solid var(--line)}
section.first{border-top:0;padding-top:0;margin-top:1rem}
.pair{display:grid;grid-template-columns:minmax(0,560px) minmax(0,1fr);gap:8px 36px;align-items:start}
.pair>*{min-width:0}
figure{margin:.6rem 0;max-width:560px}
figure svg{display:block;width:100%;height:auto}
figure svg text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
figcaption{color:var(--faint);font-size:.9rem}
.wide{overflow-x:auto;max-width:100%;margin:.6rem 0}
.wide:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;font-size:.9rem;line-height:1.35;overflow-wrap:normal}
caption{caption-side:top;text-align:left;color:var(--faint);padding:0 0 4px}
caption span{display:inline-block;position:sticky;left:0;max-width:calc(100vw - 32px);white-space:nowrap}
th,td{padding:3px 8px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child{padding-left:0}
th{font-weight:600}
thead th{color:var(--faint);font-weight:600;vertical-align:bottom}
tbody th{max-width:22rem;white-space:normal;overflow-wrap:anywhere}
tbody th.n{white-space:nowrap}
tbody th:not(.n){min-width:8.5rem}
.heat tbody th{min-width:2rem}
tbody th:first-child{position:sticky;left:0;background:var(--page)}
tbody th.sub{font-weight:400;padding-left:12px;white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums}
.long{min-width:16rem;max-width:34rem;white-space:normal;overflow-wrap:anywhere}
.false{color:var(--alarm);font-weight:600}
.begin{border-left:1px solid var(--line)}
.heat{display:flex;flex-wrap:wrap;gap:0 36px;align-items:flex-start}
.heat>*{min-width:0}
.heat td{border:1px solid var(--page)}
.heat small{display:block;font-size:.88em}
.swatch{display:inline-block;width:.8em;height:.8em;margin-right:.5em;vertical-align:-.05em;border:1px solid var(--line);print-color-adjust:exact;-webkit-print-color-adjust:exact}
.key{max-width:none}
.key span{padding:1px 8px;display:inline-block;color:var(--ink)}
pre{background:var(--panel);padding:10px 12px;overflow-x:auto;font:13px/1.45 ui-monospace,"SFMono-Regular",Menlo,Consolas,"Liberation Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
code,.mono{font:.88em/1.4 ui-monospace,"SFMono-Regular",Menlo,Consolas,"Liberation Mono",monospace}
dl{margin:.4rem 0;max-width:90ch}
dt{font-weight:600;margin-top:.5rem}
dd{margin:0 0 0 1.2rem}
ul{padding-left:1.2rem;margin:.4rem 0}
footer{padding-bottom:2rem}
@media (max-width:960px){.pair{grid-template-columns:minmax(0,1fr)}}
@media (max-width:600px){
body{font-size:14px}
header,main,footer{padding:0 14px}
caption span{white-space:normal}
tbody th{max-width:10rem}
tbody th:not(.n){min-width:7rem}
}
)css";

constexpr std::string_view on_paper = R"css(
body{font-size:10pt}
header,main,footer{max-width:none;padding:0}
a{color:inherit;text-decoration:none}
.wide{overflow:visible}
caption span{white-space:normal;max-width:none}
th,td{padding:2px 5px}
table{font-size:8pt}
tbody th:first-child{position:static}
tr,figure,pre,dt,section.model table{break-inside:avoid}
thead{display:table-header-group}
h2,h3,caption{break-after:avoid}
section.model{break-before:page;border-top:0}
figure{max-width:15cm}
.pair{display:block}
td,.key span,figure svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.screen{display:none}
)css";

std::string variables(std::string_view PaletteColor::*shade) {
    std::string out = ":root{";
    for (const PaletteColor& color : palette()) out += fmt::format("--{}:{};", color.name, color.*shade);
    return out + "}\n";
}

// A class for each tint of a table's cells and each part of the memory.
std::string tints() {
    std::string out;
    for (const PaletteColor& color : palette())
        if (color.name.starts_with("scale-") || color.name.starts_with("under-") || color.name.starts_with("over-") ||
            color.name.starts_with("use-"))
            out += fmt::format(".{0}{{background:var(--{0})}}\n", color.name);
    return out;
}

}  // namespace

std::string style_sheet() {
    return variables(&PaletteColor::light) + "@media screen and (prefers-color-scheme:dark){" + variables(&PaletteColor::dark) + "}\n" +
           std::string(layout.substr(1)) + tints() + "@media print{" + std::string(on_paper) + "}\n";
}

std::string html_page(std::string_view title, std::string_view body) {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
        html_text(title), style_sheet(), body);
}

}  // namespace kv

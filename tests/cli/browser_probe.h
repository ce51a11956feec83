// What a test asks of a page in a browser: a script that measures the page that it stands in.
#pragma once

#include <string_view>

namespace kv::testing {

// A window may be no narrower than some 500 pixels: the page is shown in a frame, which says what it found.
inline constexpr std::string_view browser_frame = R"html(<!DOCTYPE html>
<html style="color-scheme: light dark"><body style="margin: 0">
<script>addEventListener('message', message => { document.body.textContent = message.data; });</script>
<iframe src="probed.html" style="border: 0; width: WIDTHpx; height: HEIGHTpx"></iframe>
</body></html>
)html";

inline constexpr std::string_view browser_probe = R"js(
const found = {window: innerWidth, page: document.documentElement.scrollWidth, dark: matchMedia('(prefers-color-scheme: dark)').matches,
               texts: 0, labels: 0, links: 0, too_wide: [], clipped_labels: [], small_labels: [], covered_labels: [], dead_links: [],
               faint_texts: [], loaded: performance.getEntriesByType('resource').map(each => each.name)};
const note = (list, what) => { if (list.length < 10) list.push(what); };
const say = element => element.tagName + ' ' + element.textContent.slice(0, 40);

// What scrolls in a box of its own may be wider than the window; its box may not.
for (const element of document.querySelectorAll('body *')) {
    if (element.closest('svg') && element.tagName !== 'svg') continue;
    const box = element.closest('.wide, pre');
    if (box && box !== element) continue;
    const place = element.getBoundingClientRect();
    if (place.width > 0 && (place.right > innerWidth + 0.5 || place.left < -0.5)) note(found.too_wide, say(element));
}

for (const svg of document.querySelectorAll('figure svg')) {
    const frame = svg.getBoundingClientRect();
    const labels = [...svg.querySelectorAll('text')].map(text => ({text, place: text.getBoundingClientRect()}));
    labels.forEach(({text, place}, index) => {
        ++found.labels;
        if (place.left < frame.left - 0.5 || place.right > frame.right + 0.5 || place.top < frame.top - 0.5 || place.bottom > frame.bottom + 0.5)
            note(found.clipped_labels, text.textContent);
        const size = parseFloat(getComputedStyle(text).fontSize) * frame.width / svg.viewBox.baseVal.width;
        if (size < 9) note(found.small_labels, text.textContent + ' ' + size);
        for (const other of labels.slice(index + 1)) {
            const across = Math.min(place.right, other.place.right) - Math.max(place.left, other.place.left);
            const down = Math.min(place.bottom, other.place.bottom) - Math.max(place.top, other.place.top);
            if (across > 1 && down > 0.35 * Math.min(place.height, other.place.height))
                note(found.covered_labels, text.textContent + ' / ' + other.text.textContent);
        }
    });
}

for (const link of document.querySelectorAll('a')) {
    ++found.links;
    const address = link.getAttribute('href');
    if (!address.startsWith('#') || !document.getElementById(address.slice(1))) note(found.dead_links, address);
}

// WCAG 2.2, 1.4.3
const parts = color => (color.match(/[\d.]+/g) || []).map(Number);
const luminance = color => {
    const [r, g, b] = parts(color).map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
    const [a, b] = [luminance(one), luminance(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
const behind = element => {
    for (let each = element; each; each = each.parentElement) {
        const color = getComputedStyle(each).backgroundColor;
        if (color && parts(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.tagName === 'SCRIPT') continue;
    ++found.texts;
    const style = getComputedStyle(element);
    const ratio = contrast(element.closest('svg') ? style.fill : style.color, behind(element));
    if (!(ratio >= 4.5)) note(found.faint_texts, say(element) + ' ' + ratio);
}
parent.postMessage('PROBED' + JSON.stringify(found) + 'PROBED', '*');
)js";

}  // namespace kv::testing

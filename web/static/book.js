// A box that scrolls sideways must be reachable from the keyboard; one that does not should not be a tab stop.
// The theme does this for code and tables, not for formulas and HTML outputs.
const observer = new ResizeObserver((entries) => { // reports once at the start, then on every change: theme, fonts, window, <details>
  const scrolling = entries.map(({ target }) => target.scrollWidth > target.clientWidth); // all are read before one is changed
  entries.forEach(({ target }, i) => {
    if (scrolling[i]) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  });
});
for (const box of document.querySelectorAll(".katex-display, .cell_output .text_html")) observer.observe(box);

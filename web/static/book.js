// A box that scrolls sideways must be reachable from the keyboard; one that does not should not be a tab stop.
// The theme does this for code and tables, not for formulas and HTML outputs.
const boxes = document.querySelectorAll(".katex-display, .cell_output .text_html");
const update = () => {
  for (const box of boxes) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
const observer = new ResizeObserver(update); // reports once at the start, then on every change: theme, fonts, window, <details>
boxes.forEach((box) => observer.observe(box));

/* The shell of all figures: Play, slider, captions, what is touched, and a menu that saves the picture. */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/* The nearest of all things in a direction: no figure needs to say what is beside what. */
function nearest([x0, y0], [dx, dy], things, middle) {
  let best = null, least = Infinity;
  for (const thing of things) {
    const [x, y] = middle(thing), along = (x - x0) * dx + (y - y0) * dy;
    const across = Math.abs((x - x0) * dy) + Math.abs((y - y0) * dx);
    if (along > 1 && along + 4 * across < least) [best, least] = [thing, along + 4 * across];
  }
  return best;
}

function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

class CtcFigure extends HTMLElement {
  connectedCallback() {
    // Where the script comes first, as in an exported notebook, the figure is met before its inside is read.
    if (document.readyState !== "loading") this.start();
    else document.addEventListener("DOMContentLoaded", () => this.start(), { once: true });
  }

  disconnectedCallback() { this.pause(); }

  async start() {
    const json = this.querySelector(":scope > script");
    if (this.data || !json) return;
    this.data = JSON.parse(json.textContent);
    this.caption = this.querySelector("figcaption span");
    this.dataset.lmSuppressShortcuts = true; // JupyterLab has arrow keys of its own
    this.stage = this.querySelector(".ctc-stage") ? new DrawnStage(this) : await PlotStage.of(this);
    if (!this.stage) return; // a plot whose host lets nobody in: it stays as it is
    this.addControls();
    if (this.data.board) this.board = new Board(this);
  }

  addControls() {
    const { labels, rest, slider, hint } = this.data, bar = element('<div class="ctc-controls"></div>');
    if (labels) {
      bar.innerHTML = '<button type="button" class="ctc-play"><svg viewBox="0 0 12 12" aria-hidden="true">'
        + '<path class="ctc-icon-play" d="M2 0 12 6 2 12Z"/><path class="ctc-icon-pause" d="M1 0h3v12h-3zM8 0h3v12h-3z"/>'
        + '</svg><span>Play</span></button><input type="range" min="0" autocomplete="off">'
        + '<span class="ctc-position" aria-hidden="true"></span>';
      [this.button, this.range, this.place] = bar.children;
      this.button.onclick = () => this.timer ? this.pause() : this.play();
      Object.assign(this.range, { max: labels.length - 1, value: rest, ariaLabel: slider });
      this.range.oninput = () => { this.pause(); this.show(+this.range.value); };
      this.caption.setAttribute("aria-live", "polite");
      this.mark(rest);
    } else bar.classList.add("ctc-alone");
    const menu = element('<details class="ctc-save"><summary title="Save picture" aria-label="Save picture">'
      + '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"/></svg></summary><div>'
      + '<button type="button">SVG</button><button type="button">PNG</button></div></details>');
    const name = this.querySelector("figcaption b").textContent.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/-$/, "");
    for (const button of menu.querySelectorAll("button")) button.onclick = () => {
      this.stage.save(button.textContent.toLowerCase(), name);
      menu.open = false;
    };
    bar.append(menu);
    this.querySelector("figcaption").before(bar);
    if (!hint) return;
    this.detail = element('<p class="ctc-detail"></p>');
    if (this.stage instanceof PlotStage) this.detail.ariaLive = "polite"; // drawn parts have names, a chart's values have not
    this.querySelector("figcaption").append(this.detail);
    this.say();
  }

  /* Say something of what is touched, or how to touch. */
  say(text) {
    if (!this.detail) return;
    this.detail.classList.toggle("ctc-on", !!text);
    this.detail.textContent = text || this.data.hint;
  }

  mark(frame) {
    const label = this.data.labels[frame];
    this.now = frame;
    this.range.value = frame;
    this.range.setAttribute("aria-valuetext", label);
    this.place.textContent = label;
    this.caption.textContent = this.data.captions[frame];
  }

  show(frame) {
    this.mark(frame);
    this.stage.show(frame);
  }

  play() {
    const last = this.data.labels.length - 1;
    // A screen reader would be flooded by the captions of a running figure: it hears the last one.
    this.caption.setAttribute("aria-live", "off");
    this.button.classList.add("ctc-playing");
    this.button.lastChild.textContent = "Pause";
    this.show(this.now < last ? this.now + 1 : 0);
    this.timer = setInterval(() => {
      if (this.now + 1 >= last) this.pause();
      if (this.now < last) this.show(this.now + 1);
    }, this.data.ms);
  }

  pause() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = 0;
    this.caption.setAttribute("aria-live", "polite");
    this.button.classList.remove("ctc-playing");
    this.button.lastChild.textContent = "Play";
  }
}
CtcFigure.lossAndGradient = lossAndGradient; // for the console, and for the test that compares it with ctc_core
customElements.define("ctc-figure", CtcFigure);

/* The stage of a figure that is drawn: frames change the look of its parts, and parts can be touched. */
class DrawnStage {
  constructor(figure) {
    this.box = figure.querySelector(".ctc-stage");
    this.svg = this.box.querySelector("svg") || this.wake(this.box.querySelector("img"));
    this.parts = [...this.svg.querySelectorAll("[data-i]")];
    this.options = [...this.svg.querySelectorAll("[role=option]")];
    this.figure = figure;
    const { first, steps } = figure.data;
    if (first) {
      this.frames = [first];
      for (const step of steps) {
        const next = this.frames.at(-1).slice();
        for (let j = 0; j < step.length; j += 2) next[step[j]] = step[j + 1];
        this.frames.push(next);
      }
    }
    this.now = figure.data.rest;
    if (this.options.length) this.listen();
    else if (!figure.data.board) this.reach();
  }

  /* The image is the drawing itself: take it out of its address, without what only a file needs. */
  wake(image) {
    const text = decodeURIComponent(image.getAttribute("src").replace(/^[^,]*,/, ""));
    const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    svg.querySelectorAll("style, .ctc-paper").forEach(part => part.remove());
    svg.setAttribute("role", svg.querySelector("[role=option]") ? "group" : "img");
    svg.setAttribute("aria-label", image.alt);
    image.replaceWith(svg);
    return svg;
  }

  /* A box that may scroll must be reachable by keyboard; touchable parts inside it make it so already. */
  reach() {
    Object.assign(this.box, { tabIndex: 0, role: "group", ariaLabel: "Figure, may scroll sideways" });
  }

  show(frame) {
    const before = this.frames[this.now], after = this.frames[frame];
    after.forEach((k, i) => {
      if (k < 0 || k === before[i]) return;
      const part = this.parts[i], [look = "", value, text, x, y] = this.figure.data.looks[k];
      part.setAttribute("class", `${part.dataset.i} ${look}`.trim());
      if (value != null) part.style.setProperty("--v", value / 100);
      if (text != null) part.textContent = text;
      if (x != null || y != null) part.style.transform = `translate(${x || 0}px,${y || 0}px)`;
    });
    this.now = frame;
    this.follow();
  }

  /* Where the drawing is wider than the screen, what is going on stays in sight. */
  follow() {
    const now = this.box.scrollWidth > this.box.clientWidth && this.svg.querySelector(".now");
    if (!now) return;
    const box = this.box.getBoundingClientRect(), at = now.getBoundingClientRect();
    this.box.scrollBy({ left: at.x + at.width / 2 - box.x - box.width / 2, behavior: "smooth" });
  }

  listen() {
    // Not on the svg itself: one that listens for focus becomes a tab stop of its own.
    const { box } = this, option = event => event.target.closest("[role=option]");
    box.addEventListener("pointerover", event => this.touch(option(event) || this.focused));
    box.addEventListener("pointerleave", () => this.touch(this.focused));
    box.addEventListener("click", event => option(event)?.focus({ preventScroll: true }));
    box.addEventListener("focusin", event => this.touch(this.focused = option(event)));
    box.addEventListener("focusout", () => this.touch(this.focused = null));
    box.addEventListener("keydown", event => {
      const way = ARROWS[event.key];
      if (event.key === "Escape") return document.activeElement.blur();
      if (!way || !this.focused) return;
      event.preventDefault();
      const middle = el => { const b = el.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; };
      nearest(middle(this.focused), way, this.options, middle)?.focus();
    });
  }

  touch(el) {
    if (el === this.touched) return;
    this.touched = el;
    for (const lit of this.svg.querySelectorAll("[data-lit]")) lit.removeAttribute("data-lit");
    this.figure.say(el?.getAttribute("aria-label"));
    this.svg.toggleAttribute("data-touched", !!el);
    if (!el) return;
    el.dataset.lit = "";
    for (const i of (el.dataset.lights || "").split(" ").filter(Boolean)) this.parts[i].dataset.lit = "";
    if (el === this.focused) for (const other of this.options) other.tabIndex = other === el ? 0 : -1;
  }

  /* The picture as a file of its own, in the colours of the page. */
  async save(kind, name) {
    const svg = this.svg.cloneNode(true), { width, height } = svg.viewBox.baseVal;
    svg.removeAttribute("data-touched");
    const look = getComputedStyle(this.figure), rules = [...document.styleSheets]
      .flatMap(sheet => { try { return [...sheet.cssRules]; } catch { return []; } }) // another host's keeps its rules
      .filter(rule => /^\.(ctc|off|grow)/.test(rule.selectorText)).map(rule => rule.cssText).join("\n");
    const colours = new Set((rules + svg.outerHTML).match(/--ctc-\w+/g));
    const palette = [...colours].map(c => `${c}:${look.getPropertyValue(c)}`).join(";");
    const style = document.createElementNS(svg.namespaceURI, "style");
    style.textContent = `svg{${palette}}\n${rules}`;
    svg.prepend(style);
    for (const [key, value] of Object.entries({ width, height })) svg.setAttribute(key, value);
    const text = new XMLSerializer().serializeToString(svg);
    if (kind === "svg") return download(new Blob([text], { type: "image/svg+xml" }), `${name}.svg`);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 3 * width, height: 3 * height });
    const pen = canvas.getContext("2d");
    pen.fillStyle = look.getPropertyValue("--ctc-paper");
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(blob => download(blob, `${name}.png`));
  }
}

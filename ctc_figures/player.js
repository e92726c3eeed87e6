/* The player of all figures: frames, slider, Play, and the parts a reader can touch.
   Each figure carries a copy; the first one to run defines the element. */
(() => {
  const tag = "ctc-figure";
  class CtcFigure extends HTMLElement {
    connectedCallback() { this.start(); }
    disconnectedCallback() { this.pause(); }
    $(selector) { return this.querySelector(selector); }

    start() {
      const json = this.$("script[type='application/json']");
      // While the page is still being parsed the children are not there yet: the script at the end calls again.
      if (this.data || !json) return;
      this.data = JSON.parse(json.textContent);
      this.parts = [...this.querySelectorAll("[data-i]")];
      this.options = [...this.querySelectorAll("[role=option]")];
      // The same figure may stand twice on a page, but the name of a mask must not.
      for (const mask of this.querySelectorAll("mask")) {
        mask.id += `-${CtcFigure.masks = (CtcFigure.masks || 0) + 1}`;
        mask.nextElementSibling.setAttribute("mask", `url(#${mask.id})`);
      }
      if (this.data.first) this.startPlayer();
      if (this.options.length) this.startTouch();
    }

    startPlayer() {
      const { first, steps, rest } = this.data;
      this.frames = [first];
      for (const step of steps) {
        const next = this.frames.at(-1).slice();
        for (let j = 0; j < step.length; j += 2) next[step[j]] = step[j + 1];
        this.frames.push(next);
      }
      this.now = rest;
      [this.button, this.range, this.place] = this.$(".ctc-controls").children;
      this.caption = this.$(".ctc-caption span");
      this.button.onclick = () => this.timer ? this.pause() : this.play();
      this.range.value = rest;
      this.range.oninput = () => { this.pause(); this.show(+this.range.value); };
    }

    show(frame) {
      const { states, captions, labels } = this.data;
      const before = this.frames[this.now], after = this.frames[frame];
      after.forEach((k, i) => {
        if (k < 0 || k === before[i]) return;
        const part = this.parts[i], [look = "", value, text, x, y] = states[k];
        part.setAttribute("class", `${part.dataset.i} ${look}`.trim());
        if (value != null) part.style.setProperty("--v", value / 100);
        if (text != null) part.textContent = text;
        if (x != null || y != null) part.style.transform = `translate(${x || 0}px,${y || 0}px)`;
      });
      this.now = frame;
      this.range.value = frame;
      this.range.setAttribute("aria-valuetext", labels[frame]);
      this.place.textContent = labels[frame];
      this.caption.textContent = captions[frame];
    }

    play() {
      const last = this.frames.length - 1;
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

    startTouch() {
      // Not on the svg itself: one that listens for focus becomes a tab stop of its own.
      const stage = this.$(".ctc-stage");
      const option = event => event.target.closest("[role=option]");
      stage.addEventListener("pointerover", event => this.touch(option(event) || this.focused));
      stage.addEventListener("pointerleave", () => this.touch(this.focused));
      stage.addEventListener("click", event => option(event)?.focus({ preventScroll: true }));
      stage.addEventListener("focusin", event => this.touch(this.focused = option(event)));
      stage.addEventListener("focusout", () => this.touch(this.focused = null));
      stage.addEventListener("keydown", event => {
        const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (event.key === "Escape") return document.activeElement.blur();
        if (!way || !this.focused) return;
        event.preventDefault();
        this.neighbour(this.focused, way)?.focus();
      });
    }

    /* The nearest part in a direction, whatever the figure: no figure needs to say who is beside whom. */
    neighbour(from, [dx, dy]) {
      const middle = el => { const b = el.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; };
      const [x0, y0] = middle(from);
      let best = null, least = Infinity;
      for (const el of this.options) {
        const [x, y] = middle(el), along = (x - x0) * dx + (y - y0) * dy;
        const across = Math.abs((x - x0) * dy) + Math.abs((y - y0) * dx);
        if (along > 1 && along + 4 * across < least) [best, least] = [el, along + 4 * across];
      }
      return best;
    }

    touch(el) {
      if (el === this.touched) return;
      this.touched = el;
      for (const lit of this.querySelectorAll("[data-lit]")) lit.removeAttribute("data-lit");
      const detail = this.$(".ctc-detail");
      detail.classList.toggle("ctc-on", !!el);
      detail.textContent = el ? el.getAttribute("aria-label") : detail.dataset.hint;
      this.$(".ctc-stage svg").toggleAttribute("data-touched", !!el);
      if (!el) return;
      el.dataset.lit = "";
      for (const i of (el.dataset.lights || "").split(" ").filter(Boolean)) this.parts[i].dataset.lit = "";
      if (el === this.focused) for (const other of this.options) other.tabIndex = other === el ? 0 : -1;
    }
  }
  if (!customElements.get(tag)) customElements.define(tag, CtcFigure);
  document.querySelectorAll(tag).forEach(figure => figure.start());
})();

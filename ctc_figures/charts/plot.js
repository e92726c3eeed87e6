/* The stage of a figure that plotly draws. On the site plotly comes from the site, once such a figure is near. In
   JupyterLab the figure is drawn already, by plotly's own extension, in the output before this one. */
const HERE = document.currentScript?.src;
const near = (element, margin = "300px") => new Promise(done => {
  const watch = new IntersectionObserver(seen => seen.some(s => s.isIntersecting) && (watch.disconnect(), done()), { rootMargin: margin });
  watch.observe(element);
});

class PlotStage {
  static async of(figure) {
    const before = figure.closest(".text_html, .jp-OutputArea-child")?.previousElementSibling;
    if (before?.matches(".ctc-plot")) {
      const box = element('<div class="ctc-wide"></div>');
      before.style.minWidth = `${figure.data.least ?? 0}px`;
      box.append(before);
      figure.querySelector("figure").prepend(box);
      return new PlotStage(figure, before, JSON.parse(before.textContent));
    }
    const lab = window._JUPYTERLAB?.["jupyterlab-plotly"], until = async drawn => {
      while (!drawn() && figure.isConnected) await new Promise(done => setTimeout(done, 100));
    };
    if (!before || !lab) return null;
    await until(() => before.querySelector(".jp-RenderedPlotly, .jupyter-widgets"));
    // Beside a running explorer stands what is shown where no kernel runs.
    figure.hidden = !!before.querySelector(".jupyter-widgets");
    const graph = before.querySelector(".jp-RenderedPlotly"), { RenderedPlotly } = (await lab.get("./mimeExtension"))();
    if (figure.hidden || !graph) return null;
    await until(() => RenderedPlotly.Plotly && graph._fullLayout && graph._transitionData);
    const { data, layout, _transitionData: { _frames: frames } } = graph;
    const stage = new PlotStage(figure, graph, JSON.parse(JSON.stringify({ data, layout, frames })));
    await stage.ready(RenderedPlotly.Plotly);
    return stage;
  }

  constructor(figure, graph, spec) {
    Object.assign(this, { figure, graph, spec, now: figure.data.rest });
    if (spec.config) near(graph).then(() => PlotStage.load()).then(plotly => this.ready(plotly));
  }

  static load() {
    return PlotStage.loading ??= new Promise((done, fail) => document.head.append(Object.assign(
      document.createElement("script"), { src: new URL("plotly.min.js", HERE), onload: () => done(window.Plotly), onerror: fail })));
  }

  async ready(plotly) {
    this.plotly = plotly;
    const themed = this.spec.config || this.dark;
    if (themed) await this.paint();
    const watch = new MutationObserver(() => this.dark !== this.painted && this.paint());
    for (const root of [document.documentElement, document.body]) watch.observe(root, { attributeFilter: ["data-theme", "data-jp-theme-light", "class"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.dark !== this.painted && this.paint());
    this.painted = this.dark;
    this.listen();
  }

  get dark() {
    return Object.values(DARK).includes(getComputedStyle(this.figure).getPropertyValue("--ctc-paper").trim());
  }

  /* Draw in the colours of the page: what is stored has those of the light theme. */
  async paint() {
    const { graph, plotly } = this;
    this.painted = this.dark;
    const text = JSON.stringify(this.spec), colour = c => (this.painted && DARK[c]) || c;
    const { data, layout, config, frames } = JSON.parse(text.replace(/#[0-9a-f]{6}/g, colour));
    graph.querySelector(":scope > script")?.remove();
    await plotly.react(graph, data, layout, config);
    if (frames?.length) await plotly.addFrames(graph, frames);
    if (this.now !== this.figure.data.rest) await this.show(this.now);
  }

  /* A figure either moves a cursor, or has other numbers in each frame. */
  async show(frame) {
    this.now = frame;
    if (!this.plotly) return;
    const { cursor } = this.figure.data;
    if (cursor) {
      const [x0, x1] = cursor[frame], move = { cursor: { x0, x1 }, ahead: { x0: x1 } };
      await this.plotly.relayout(this.graph, { shapes: this.graph.layout.shapes.map(s => ({ ...s, ...move[s.name] })) });
      const { xaxis } = this.graph._fullLayout, box = this.graph.parentElement;
      box.scrollLeft = xaxis._offset + xaxis.d2p(x1) - box.clientWidth / 2;
    } else {
      const still = { duration: 0, redraw: true };
      await this.plotly.animate(this.graph, [String(frame)], { mode: "immediate", transition: still, frame: still });
      this.leave?.(); // the value that was said is that of the frame before
    }
  }

  listen() {
    const { graph, figure } = this, box = graph.querySelector(".svg-container");
    Object.assign(graph, { tabIndex: 0, role: "group", ariaLabel: "Values. The arrow keys move from one to the next" });
    graph.dataset.lmSuppressShortcuts = true;
    this.ring = element('<div class="ctc-ring-marker" hidden></div>');
    this.leave = () => { this.at = null; this.ring.hidden = true; figure.say(); };
    graph.addEventListener("blur", this.leave);
    graph.addEventListener("keydown", event => {
      const way = ARROWS[event.key];
      if (event.key === "Escape") return graph.blur();
      if (!way) return;
      event.preventDefault();
      const points = [...this.points()], middle = point => point.at;
      const next = this.at ? nearest(this.at, way, points, middle) : points[0];
      if (next) this.touch(next, box);
    });
    graph.on("plotly_beforehover", event => {
      if (!this.hides(event.clientX - graph.getBoundingClientRect().x)) return true;
      this.plotly.Fx.unhover(graph); // or the last label stays
      return false;
    });
    graph.on("plotly_hover", ({ points: [point] }) => figure.say(this.said(point.fullData, point.pointNumber)));
    graph.on("plotly_unhover", () => figure.say());
    graph.on("plotly_relayout", () => { this.at = null; this.ring.hidden = true; });
  }

  touch({ at: [x, y], size: [width, height], trace, number }, box) {
    this.at = [x, y];
    this.ring.hidden = false;
    Object.assign(this.ring.style, { left: `${x - width / 2}px`, top: `${y - height / 2}px`, width: `${width}px`, height: `${height}px` });
    box.append(this.ring);
    this.figure.say(this.said(trace, number));
  }

  /* What plotly writes beside a value that is pointed at, as one line. */
  said(trace, number) {
    const [row, column] = [number].flat(), pick = { x: column ?? row, y: row };
    const value = (key, digits) => {
      const v = trace[key]?.[pick[key] ?? row], one = typeof v === "object" ? v?.[column] : v;
      return digits ? one?.toPrecision(digits) : one;
    };
    return trace.hovertemplate.replace(/<extra>.*/, "").replace(/<br>/g, "; ").replace(/<[^>]*>/g, "")
      .replace(/%\{(\w+)(?::\.(\d)g)?\}/g, (_, key, digits) => String(value(key, digits) ?? "").replace(/^-(?=\d)/, "−"));
  }

  /* What a question hides must not be told by the pointer either. */
  hides(x) {
    const { layout, _fullLayout: full } = this.graph, veil = layout.shapes?.find(s => s.name === "ahead" && s.opacity === 1);
    if (!veil) return false;
    const [a, b] = [veil.x0, veil.x1].map(v => full.xaxis._offset + full.xaxis.d2p(v));
    return Math.min(a, b) < x && x < Math.max(a, b);
  }

  /* Everything in sight that has a value: where it stands, how large it is, whose it is. */
  *points() {
    const { calcdata, _fullLayout: full } = this.graph;
    for (const cd of calcdata) {
      const { trace } = cd[0];
      if (trace.visible !== true || trace.hoverinfo === "skip" || trace.meta === "again") continue;
      const x = full[trace.xaxis.replace("x", "xaxis")], y = full[trace.yaxis.replace("y", "yaxis")];
      const place = (x0, y0) => [x._offset + x0, y._offset + y0];
      const seen = ([x0, y0]) => Math.abs(2 * (x0 - x._offset) - x._length) <= x._length + 1
        && Math.abs(2 * (y0 - y._offset) - y._length) <= y._length + 1 && !this.hides(x0); // false for NaN
      if (trace.type === "heatmap") {
        const columns = cd[0].x.map(v => x.c2p(v)), rows = cd[0].y.map(v => y.c2p(v));
        for (let r = 0; r + 1 < rows.length; r++) for (let c = 0; c + 1 < columns.length; c++) {
          const at = place((columns[c] + columns[c + 1]) / 2, (rows[r] + rows[r + 1]) / 2);
          if (cd[0].z[r][c] !== undefined && seen(at)) yield { trace, number: [r, c], at, size: [columns[c + 1] - columns[c], Math.abs(rows[r + 1] - rows[r])] };
        }
      } else for (const [i, point] of cd.entries()) {
        const at = point.ct ? place(...point.ct) : place(x.c2p(point.x), y.c2p(point.y));
        const wide = trace.mode === "text" ? 8 * trace.text[i].length : 0;
        if (seen(at)) yield { trace, number: i, at, size: [Math.max(18, wide), 18] };
      }
    }
  }

  save(kind, filename) {
    const { clientWidth: width, clientHeight: height } = this.graph;
    return this.plotly.downloadImage(this.graph, { format: kind, filename, width, height, scale: kind === "png" ? 3 : 1 });
  }
}

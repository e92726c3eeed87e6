/* The board: logits that a reader can change, and at once their softmax, their loss and their gradient.
 All is computed here, in the page; tests/test_board.py compares the first half with ctc_core. */
const logSum = logs => {
  const top = Math.max(...logs);
  return top === -Infinity ? top : top + Math.log(logs.reduce((sum, x) => sum + Math.exp(x - top), 0));
};
const logSoftmax = u => { const log = logSum(u); return u.map(v => v - log); };

/* ln α_t(s), by the recursion. ln 0 is -Infinity, also for states that do not exist. */
function logForward(logY, extended, blank) {
  const skip = s => s > 1 && extended[s] !== blank && extended[s] !== extended[s - 2];
  const logAlpha = [];
  for (const row of logY) {
    const before = logAlpha.at(-1);
    const entering = s => !before ? (s < 2 ? 0 : -Infinity)
      : logSum([before[s], before[s - 1] ?? -Infinity, skip(s) ? before[s - 2] : -Infinity]);
    logAlpha.push(extended.map((k, s) => entering(s) + row[k]));
  }
  return logAlpha;
}

/* ln β_t(s): the same, with time and labelling reversed. */
const logBackward = (logY, extended, blank) =>
  logForward([...logY].reverse(), [...extended].reverse(), blank).reverse().map(row => row.reverse());

/* From logits u[t][k], and a labelling that fits into the frames: y, -ln p, and the gradient y - γ. */
function lossAndGradient(u, labelling, blank = 0) {
  const extended = [blank, ...labelling.flatMap(k => [k, blank])];
  const logY = u.map(logSoftmax), y = logY.map(row => row.map(Math.exp));
  const logAlpha = logForward(logY, extended, blank), logBeta = logBackward(logY, extended, blank);
  const logP = logSum(logAlpha.at(-1).slice(-2));
  const gradient = y.map(row => [...row]);
  logY.forEach((row, t) => extended.forEach((k, s) => {
    if (row[k] === -Infinity) return; // no path passes here
    gradient[t][k] -= Math.exp(logAlpha[t][s] + logBeta[t][s] - row[k] - logP); // γ_t(s)
  }));
  return { y, loss: -logP, gradient };
}

const LIMIT = 8, TURN = 0.5, STEP = 1;
const fixed = (x, digits = 2) => (+x.toFixed(digits) || 0).toFixed(digits).replace("-", "−");
const signed = x => (+x.toFixed(2) > 0 ? "+" : "") + fixed(x);

/* The part of a figure that is a board. */
class Board {
  constructor(figure) {
    Object.assign(this, figure.data.board); // logits, labelling, blank, names, word, scale
    const all = selector => [...figure.querySelectorAll(selector)];
    [this.cells, this.outputs, this.slopes] = ["u", "y", "gradient"].map(map => all(`[data-map=${map}]`));
    [this.lossText, this.pText, this.bar] = all("[data-board]");
    this.figure = figure;
    figure.stage.svg.setAttribute("role", "group"); // an image holds nothing that can be reached
    const controls = element('<div class="ctc-board"><span class="ctc-board-name" aria-hidden="true"></span>'
      + '<button type="button" aria-label="Lower this logit">−</button>'
      + '<input type="range" min="-8" max="8" step="0.1" autocomplete="off" aria-label="Logit">'
      + '<button type="button" aria-label="Raise this logit">+</button>'
      + '<button type="button" class="ctc-board-step">One step of gradient descent</button>'
      + '<button type="button" class="ctc-board-reset">Reset</button></div>');
    figure.querySelector(".ctc-controls").before(controls);
    this.label = controls.querySelector(".ctc-board-name");
    const [less, more, step, reset] = controls.querySelectorAll("button");
    less.onclick = () => this.set(this.at(this.u) - TURN);
    more.onclick = () => this.set(this.at(this.u) + TURN);
    step.onclick = () => this.descend();
    reset.onclick = () => this.reset();
    this.range = controls.querySelector("input");
    this.range.oninput = () => this.set(+this.range.value);
    this.cells.forEach((cell, i) => {
      for (const [key, value] of Object.entries({ label: this.name(i), valuemin: -LIMIT, valuemax: LIMIT }))
        cell.setAttribute(`aria-${key}`, value);
      cell.setAttribute("role", "spinbutton");
      cell.addEventListener("click", () => cell.focus({ preventScroll: true }));
      cell.addEventListener("focus", () => { this.chosen = i; this.show(); });
      cell.addEventListener("keydown", event => this.key(event));
    });
    this.chosen = this.labelling[0] ?? 0;
    this.reset();
    figure.say();
  }

  /* Cells are numbered frame by frame. */
  place(i = this.chosen) { return [Math.floor(i / this.names.length), i % this.names.length]; }
  at(table, i) { const [t, k] = this.place(i); return table[t][k]; }
  name(i) { const [t, k] = this.place(i); return `Logit of ${this.names[k]} at frame ${t + 1}`; }

  /* Up and down turn a logit, left and right go to another frame, Tab to the next symbol of this one. */
  key(event) {
    const K = this.names.length;
    const turn = { ArrowUp: TURN, ArrowDown: -TURN }[event.key], move = { ArrowLeft: -K, ArrowRight: K }[event.key];
    if (event.key === "Escape") event.target.blur();
    if (!turn && !move) return;
    event.preventDefault();
    if (turn) this.set(this.at(this.u) + turn);
    else this.cells[this.chosen + move]?.focus();
  }

  reset() {
    this.u = this.logits.map(row => [...row]);
    this.steps = 0;
    this.before = this.turned = null;
    this.show();
  }

  set(value) {
    if (this.turned !== this.chosen) this.before = this.now;
    this.turned = this.chosen;
    const [t, k] = this.place();
    this.u[t][k] = Math.max(-LIMIT, Math.min(LIMIT, value));
    this.show();
  }

  descend() {
    this.before = this.now;
    this.turned = null;
    this.u = this.u.map((row, t) => row.map((v, k) => v - STEP * this.now.gradient[t][k]));
    this.steps++;
    this.show();
  }

  show() {
    const { y, loss, gradient } = this.now = lossAndGradient(this.u, this.labelling, this.blank);
    const before = this.before ||= this.now;
    this.cells.forEach((cell, i) => {
      cell.lastChild.textContent = fixed(this.at(this.u, i));
      cell.classList.toggle("chosen", i === this.chosen);
      cell.tabIndex = this.place(i)[0] === this.place()[0] ? 0 : -1;
      cell.setAttribute("aria-valuenow", +this.at(this.u, i).toFixed(2));
    });
    // A ring around what turning this one logit has changed.
    const fill = (cells, values, old, text, level) => cells.forEach((cell, i) => {
      const value = this.at(values, i);
      cell.lastChild.textContent = text(value);
      cell.style.setProperty("--v", level(value).toFixed(2));
      cell.classList.toggle("negative", value < 0);
      cell.classList.toggle("changed", this.turned !== null && text(value) !== text(this.at(old, i)));
    });
    fill(this.outputs, y, before.y, fixed, v => v);
    fill(this.slopes, gradient, before.gradient, signed, v => Math.sqrt(Math.abs(v)));

    const is = fixed(loss, 3), was = fixed(before.loss, 3), p = Math.exp(-loss);
    const pText = p < 0.001 ? "p < 0.001" : `p = ${fixed(p, 3)}`;
    this.lossText.textContent = `loss −ln p(${this.word} | x) = ${is}`;
    this.pText.textContent = pText;
    this.bar.style.setProperty("--v", Math.min(1, loss / this.scale).toFixed(3));
    this.figure.caption.textContent = (this.steps ? `Steps: ${this.steps}. ` : "") + (is === was ? `Loss ${is} nats, ${pText}.`
      : `The loss ${loss < before.loss ? "fell" : "rose"} from ${was} to ${is} nats; ${pText}.`);

    const name = this.name(), slope = signed(this.at(gradient));
    const way = +fixed(this.at(gradient)).replace("−", "-");
    this.figure.say(`${name}: ${fixed(this.at(this.u))}. Its output is ${fixed(this.at(y))}, its gradient ${slope}: `
      + `a step of descent ${way > 0 ? "lowers it" : way < 0 ? "raises it" : "hardly moves it"}.`);
    this.label.textContent = name;
    this.range.setAttribute("aria-label", name);
    this.range.value = this.at(this.u);
  }
}

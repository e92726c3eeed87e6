// Fields for an answer, and its instant check, in the page alone: no kernel is asked.
(() => {
  if (customElements.get("ctc-exercise")) return;

  const functions = { ln: Math.log, log: Math.log, exp: Math.exp, sqrt: Math.sqrt };
  const constants = { inf: Infinity, infinity: Infinity, "∞": Infinity };
  const spellings = [[/[−–]/g, "-"], [/\*\*/g, "^"], [/[×·⋅]/g, "*"], [/[÷∕]/g, "/"], [/²/g, "^2"], [/,(?=\d)/g, "."]];
  const token = /(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[\p{L}_∞][\p{L}\p{N}_]*|\S/giu;

  /** Value of a formula, by recursive descent; throws a sentence that says what is wrong with it. */
  function evaluate(text, variables) {
    const tokens = spellings.reduce((t, [from, to]) => t.replace(from, to), text).match(token) || [];
    const names = { ...constants, ...variables };
    let next = 0;
    const fail = (message) => { throw new SyntaxError(message); };
    const take = (...symbols) => symbols.includes(tokens[next]) && tokens[next++];

    function sum() {
      let value = product();
      for (let op; (op = take("+", "-")); ) value += (op === "+" ? 1 : -1) * product();
      return value;
    }
    function product() {
      let value = signed();
      for (let op; (op = take("*", "/")); ) value = op === "*" ? value * signed() : value / signed();
      return value;
    }
    function signed() { // -x^2 is -(x^2), and 2^-1 is allowed
      if (take("-")) return -signed();
      return take("+") ? signed() : power();
    }
    function power() {
      const base = percent();
      return take("^") ? base ** signed() : base;
    }
    function percent() {
      let value = atom();
      while (take("%")) value /= 100;
      return value;
    }
    function atom() {
      const word = tokens[next++];
      if (word === undefined) fail("Something is missing at the end.");
      if (word === "(") {
        const value = sum();
        return take(")") ? value : fail(next < tokens.length ? stray() : "A closing parenthesis is missing.");
      }
      if (/^[\d.]+(e|$)/i.test(word) && !isNaN(word)) return Number(word);
      if (Object.hasOwn(names, word)) return names[word];
      if (Object.hasOwn(functions, word)) {
        return tokens[next] === "(" ? functions[word](atom()) : fail(`Write ${word}(…), with parentheses.`);
      }
      const known = Object.keys(variables).join(", ") || "numbers only";
      return fail(`“${word}” is not ` + (/^\p{L}/u.test(word) ? `known here. You may use: ${known}.` : "expected here."));
    }
    const stray = () =>
      `“${tokens[next]}” is not expected here` + (/^[\p{L}\d(]/u.test(tokens[next]) ? ": write * for “times”." : ".");

    if (!tokens.length) fail("Type your answer first.");
    const value = sum();
    return next < tokens.length ? fail(stray()) : value;
  }

  const equal = (a, b, tolerance) => a === b || (isFinite(b) && Math.abs(a - b) <= tolerance * Math.abs(b) + 1e-12);
  const show = (x) =>
    isNaN(x) ? "not a number" : String(Number(Number(x).toPrecision(5))).replace("Infinity", "∞").replace("-", "−");
  const escape = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);

  // Each kind of question: (task, field, number of tries before) -> [right or not, what to say about it as HTML].
  const judge = {
    choose: (task, field) => [field.value === task.answer, task.feedback[field.value]],
    number(task, field, tries) {
      const value = evaluate(field.value, {});
      const right = Number(task.answer); // numbers travel as text where JSON has none: Infinity
      if (equal(value, right, task.tolerance)) return [true, ""];
      const rounded = (wrong) => (Number.isInteger(Number(wrong)) ? task.tolerance : Math.max(task.tolerance, 0.005));
      const hint = task.hints.find(([wrong]) => equal(value, Number(wrong), rounded(wrong)));
      if (hint) return [false, hint[1]];
      if (isNaN(value)) return [false, "This is not a number."];
      if (tries) return [false, `Expected ${show(right)}, yours is ${show(value)}.`];
      return [false, `${show(value)} is too ${value < right ? "small" : "large"}.`];
    },
    expression(task, field) {
      const yours = task.points.map((point) => evaluate(field.value, point));
      const differs = (values) => values.findIndex((x, i) => !equal(yours[i], Number(x), 1e-6));
      const first = differs(task.answer);
      if (first < 0) return [true, ""];
      const hint = task.hints.find(([values]) => differs(values) < 0);
      const where = Object.entries(task.points[first]).map(([name, x]) => `${name} = ${show(x)}`).join(", ");
      const at = `At ${where}: expected ${show(task.answer[first])}, yours is ${show(yours[first])}.`;
      return [false, hint ? `${hint[1]} ${at}` : at];
    },
  };

  let count = 0; // the same question may stand twice on a page: its radio buttons must not share a name

  customElements.define("ctc-exercise", class extends HTMLElement {
    connectedCallback() {
      // Where the script comes first, as in an exported notebook, the question is met before its inside is read.
      if (document.readyState !== "loading") this.build();
      else document.addEventListener("DOMContentLoaded", () => this.build(), { once: true });
    }
    build() {
      if (this.task) return; // a notebook has moved it
      this.task = JSON.parse(this.dataset.task);
      this.dataset.lmSuppressShortcuts = true; // JupyterLab would take keys pressed in the fields for its own
      const { kind, unit } = this.task, [question, ...small] = this.querySelectorAll("p");
      const options = [...this.querySelectorAll("li")].map((option, i) =>
        `<label><input type="radio" name="ctc-${count}" value="${i}"><span>${option.innerHTML}</span></label>`);
      const label = kind === "number" ? "Your answer" : "Your formula";
      const field = `<div class="ctc-answer"><input type="text" aria-label="${label}" autocomplete="off" autocapitalize="off"`
        + ` spellcheck="false">${unit ? `<span>${unit}</span>` : ""}<button>Check</button></div>`;
      count++;
      this.dataset.kind = kind;
      this.innerHTML = `<form><fieldset><legend>${question.firstChild.innerHTML}</legend>`
        + `${options.join("") || field}${small.map((p) => p.innerHTML).join("")}</fieldset><output></output></form>`;
      this.addEventListener("change", this);
      this.addEventListener("submit", this);
    }
    handleEvent(event) {
      if (event.type === "submit") event.preventDefault();
      else if (event.target.type !== "radio") return;
      const field = event.type === "submit" ? this.querySelector("input") : event.target;
      let right, text;
      try {
        [right, text] = judge[this.task.kind](this.task, field, this.tries || 0);
        if (!right) this.tries = (this.tries || 0) + 1;
      } catch (error) { // what cannot be read is no try
        if (!(error instanceof SyntaxError)) throw error;
        [right, text] = [false, escape(error.message)];
      }
      this.dataset.state = right ? "right" : "wrong";
      this.querySelector("output").innerHTML = `<strong>${right ? "Right." : "Not yet."}</strong> ${text}`;
    }
  });
})();

// Leave out of a style sheet the rules that fit nothing: {css, words} on standard input, css on standard output.
// The words are all that pages and scripts name (lean.py gathers them). The theme's icon fonts go in any case.
import { text } from "node:stream/consumers";
import { PurgeCSS } from "purgecss";

const { css, words } = JSON.parse(await text(process.stdin));
const [result] = await new PurgeCSS().purge({
  content: [{ raw: words.join(" "), extension: "txt" }],
  css: [{ raw: css.replace(/@font-face\{[^}]*Font Awesome[^}]*\}/g, "") }],
  blocklist: [/^\.?fa([srb]|-.*)?$/],
  defaultExtractor: (raw) => raw.split(" "),
  fontFace: true,
  keyframes: true,
  variables: true,
});
process.stdout.write(result.css);

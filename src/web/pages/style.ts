/**
 * The stylesheets; each stands inside its pages, and the policy of a page allows it by its hash. What answers a login is seen for a moment
 * by a person and paid for at every login: it carries the base alone.
 */
import { createHash } from 'node:crypto';

const BASE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c2321; --soft: #5a6763; --line: #e2e7e5; --tint: #f4f7f6;
  --mint: #0a6b51; --good: #0a6b51; --bad: #b3261e; --bad-tint: #fdf1f0; --warn: #7a5200; --warn-tint: #fbf5e6;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121615; --ink: #e3e9e7; --soft: #9aa8a3; --line: #2a3230; --tint: #1a201e;
    --mint: #6fd6b3; --good: #6fd6b3; --bad: #ff9d94; --bad-tint: #2b1a19; --warn: #e9c46a; --warn-tint: #262014;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto; max-width: 70rem; padding: 0 1.5rem 5rem; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
a { color: var(--mint); text-underline-offset: .18em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--mint); outline-offset: 2px; border-radius: 2px; }
h1 { font-size: 1.6rem; line-height: 1.25; font-weight: 650; margin: 2rem 0 .5rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 46rem; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
code, pre, .mono { font-family: var(--mono); font-size: .855em; }
code { overflow-wrap: anywhere; unicode-bidi: isolate; white-space: pre-wrap; }
input, select, button { font: inherit; font-size: .925rem; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 5px; padding: .35rem .6rem; min-height: 2.3rem; }
button { border-color: var(--mint); color: var(--mint); cursor: pointer; padding-inline: 1rem; }
button:hover, .button:hover { background: var(--tint); }
button.primary, .button.primary { background: var(--mint); color: var(--paper); font-weight: 600; }
button.primary:hover, .button.primary:hover { filter: brightness(1.12); }
`;

const REST = `
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1.5rem; top: .5rem; background: var(--paper); padding: .25rem .5rem; }
body > header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; padding: 1.25rem 0; border-bottom: 1px solid var(--line); }
body > header .name { font-weight: 650; color: inherit; text-decoration: none; letter-spacing: .01em; }
body > header nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .925rem; }
h2 { font-size: 1.15rem; font-weight: 650; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; font-weight: 600; margin: 1.75rem 0 .5rem; }
.v { background: var(--tint); padding: .08em .3em; border-radius: 3px; }
pre { background: var(--tint); padding: .85rem 1rem; border-radius: 6px; margin: .5rem 0; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
pre.tall { max-height: 34rem; overflow: auto; }
.tag { color: var(--mint); } .tag .q { color: var(--ink); } .note { color: var(--soft); }
.status { font-weight: 600; white-space: nowrap; }
.status::before { content: ""; display: inline-block; width: .55em; height: .55em; border-radius: 50%; background: currentColor; margin-right: .45em; }
.completed { color: var(--good); } .failed, .denied, .interaction { color: var(--bad); } .pending, .suspended { color: var(--soft); } .redirected { color: var(--warn); }
.facts { display: flex; flex-wrap: wrap; gap: .15rem 1.5rem; color: var(--soft); font-size: .925rem; margin: .5rem 0 1rem; padding: 0; list-style: none; }
.facts b { font-weight: 500; color: var(--ink); overflow-wrap: anywhere; }
.box { border-left: 3px solid var(--line); background: var(--tint); padding: .75rem 1rem; margin: 1rem 0; border-radius: 0 6px 6px 0; overflow-wrap: anywhere; }
.box p { margin: .15rem 0; }
.box.bad { border-color: var(--bad); background: var(--bad-tint); }
.box.warn { border-color: var(--warn); background: var(--warn-tint); }
.box.good { border-color: var(--good); }
.contents { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .925rem; margin: 1.25rem 0 0; }
ol.steps { list-style: none; margin: .75rem 0; padding: 0; }
ol.steps > li { display: grid; grid-template-columns: 1.4rem 12rem 1fr; gap: 0 .6rem; padding: .5rem 0; border-top: 1px solid var(--line); }
ol.steps > li:first-child { border-top: 0; }
ol.steps > li > * { min-width: 0; }
.mark { font-weight: 700; text-align: center; }
.pass .mark { color: var(--good); } .fail .mark, .fail .step { color: var(--bad); } .skipped, .skipped .mark { color: var(--soft); }
.step { font-family: var(--mono); font-size: .855rem; padding-top: .1rem; overflow-wrap: anywhere; }
.step small { display: block; color: var(--soft); font-size: .9em; }
.hint { color: var(--soft); font-size: .925rem; margin: .15rem 0; }
.fail .hint { color: inherit; }
.said { overflow-wrap: anywhere; }
details { margin: .25rem 0; }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; width: fit-content; }
details.rest > summary { color: var(--mint); margin: .75rem 0; }
.said details { margin: 0; }
.said summary { color: inherit; font-size: inherit; list-style: none; width: auto; }
.said summary::-webkit-details-marker { display: none; }
.said summary::after { content: " ▸"; color: var(--soft); } .said [open] > summary::after { content: " ▾"; }
details.run { border: 1px solid var(--line); border-radius: 6px; margin: .75rem 0; }
.run > summary { width: auto; color: inherit; font-size: .925rem; padding: .6rem .85rem; overflow-wrap: anywhere; }
.run > summary .small { color: var(--soft); } .run[open] > summary { border-bottom: 1px solid var(--line); }
.ran { padding: .15rem .85rem .5rem; } .ran h3 { margin: .9rem 0 .25rem; font-size: .925rem; } .ran table { margin: .25rem 0; }
.ran td { line-height: 1.45; }
@media (min-width: 44rem) { .calls td:first-child { width: 22%; } .calls td:last-child { width: 32%; } }
tr:target, .run:target > summary { background: var(--tint); }
.change { display: flex; flex-wrap: wrap; gap: 0 .4rem; align-items: baseline; } .change > * { min-width: 0; } .threw { color: var(--bad); }
.fold { display: inline-block; max-width: 100%; margin: 0; vertical-align: top; } .fold > summary { color: inherit; font-size: inherit; width: auto; overflow-wrap: anywhere; }
ul.console { list-style: none; margin: .25rem 0; padding: 0; font-size: .925rem; }
.console li { display: grid; grid-template-columns: 3.2rem 1fr; gap: .6rem; padding: .1rem 0; } .console li > * { min-width: 0; }
.level { font-family: var(--mono); font-size: .8rem; color: var(--soft); padding-top: .12rem; }
.console .error, .console .error .level { color: var(--bad); } .console .warn, .console .warn .level { color: var(--warn); } .console .debug, .console .trace { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: .75rem 0; align-items: baseline; }
dt { color: var(--soft); font-size: .925rem; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
li dl { font-size: .9rem; gap: .2rem 1rem; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: .925rem; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: .85rem; padding: .3rem .75rem .3rem 0; vertical-align: bottom; }
td { padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.tight { white-space: nowrap; overflow-wrap: normal; }
td.client { min-width: 7rem; } td.user { min-width: 11.5rem; }
td .status { display: inline-block; min-width: 7rem; }
@media (min-width: 60rem) { .attributes td:first-child { min-width: 25rem; } .attributes td:nth-child(2) { min-width: 14rem; } }
td .soft { font-size: .875rem; }
code .soft { font-size: inherit; }
.setting { white-space: nowrap; }
.layer { font-size: .8rem; border: 1px solid var(--line); border-radius: 99px; padding: .05rem .5rem; color: var(--soft); white-space: nowrap; }
.layer.client, .layer.transaction, .layer.action { color: var(--mint); border-color: currentColor; }
.stack > * { display: block; width: fit-content; max-width: 100%; } .stack > * + * { margin-top: .25rem; }
form { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; margin: 1.25rem 0; }
label { display: grid; gap: .15rem; font-size: .85rem; color: var(--soft); }
input { width: 12rem; }
.button { display: inline-block; border: 1px solid var(--mint); border-radius: 5px; padding: .35rem 1rem; min-height: 2.3rem; font-size: .925rem; text-decoration: none; }
.buttons { display: flex; flex-wrap: wrap; gap: .6rem; align-items: start; margin: .5rem 0; } .buttons form { margin: 0; }
.login { display: grid; grid-template-columns: minmax(0, 22rem) minmax(0, 22rem); gap: 0 4rem; margin: 1.25rem 0; align-items: start; }
form.entry { display: grid; gap: .35rem; max-width: 22rem; margin: 0; }
.entry label { font-size: .925rem; color: var(--ink); margin-top: .5rem; } .entry input { width: 100%; font-size: 1rem; min-height: 2.6rem; border-color: var(--soft); }
.entry .buttons { margin-top: 1rem; } .entry .buttons button { min-height: 2.6rem; } .entry .box { margin: 0; }
.entry [aria-invalid] { border-color: var(--bad); }
form.users { display: grid; gap: .5rem; margin: 0; } .users h2 { font-size: 1rem; border: 0; margin: .5rem 0 0; padding: 0; } .users p { margin: 0; }
.users button { display: grid; gap: 0; text-align: left; padding: .5rem .85rem; border-color: color-mix(in srgb, var(--soft) 50%, var(--line)); color: var(--ink); overflow-wrap: anywhere; } .users button:hover { border-color: var(--mint); }
.users b { font-weight: 600; } .users button .soft { font-size: .875rem; }
ul.plain { list-style: none; padding: 0; margin: .75rem 0; }
ul.plain li { margin: .45rem 0; }
@media (max-width: 44rem) {
  body { padding: 0 1rem 3rem; }
  ol.steps > li { grid-template-columns: 1.4rem 1fr; } ol.steps .said { grid-column: 2; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; }
  thead { position: absolute; left: -99rem; }
  table, tbody, tr, td { display: block; } td.client, td.user { min-width: 0; }
  tr { border-top: 1px solid var(--line); padding: .6rem 0; } td { border: 0; padding: .15rem 0; }
  td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-size: .85rem; }
  input, select { width: 100%; } label { flex: 1 1 9rem; }
  .login { grid-template-columns: minmax(0, 1fr); gap: 1.75rem; } form.entry { max-width: none; }
}
`;

export interface Stylesheet {
  /** What stands between the tags, to the letter. */
  readonly css: string;
  /** CSP 3 `hash-source` of it. */
  readonly hash: string;
}
const stylesheet = (css: string): Stylesheet => ({
  css,
  hash: `sha256-${createHash('sha256').update(css).digest('base64')}`,
});

export const FULL_STYLE = stylesheet((BASE + REST).trim());
export const BASE_STYLE = stylesheet(BASE.trim());

import { Html } from './html.js';

/** The page's style. Colours are variables that the plots use, too; the run colours are Okabe & Ito's. */
export const STYLE = new Html(`
:root {
  --ground: #fff; --text: #1a1d21; --quiet: #5c6670; --line: #d8dde2; --raised: #f4f6f8;
  --run-0: #0072b2; --run-1: #d55e00; --run-2: #009e73; --run-3: #cc79a7; --run-4: #b58900; --run-5: #56b4e9;
  --kind-correct: #9fb6c6; --kind-inversion: #7b4ab8; --kind-swap: #d55e00; --kind-jitter: #e0a800;
  --kind-miss: #c2334d; --kind-falsePositive: #4a4f55;
  --annotated: #00a37a; --predicted: #e8590c; --better: #00734f; --worse: #b42318;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --text: #e6e9ec; --quiet: #9aa5b0; --line: #343a40; --raised: #1e2327;
    --run-0: #4dabf7; --run-1: #ff922b; --run-2: #38d9a9; --run-3: #f2a6cf; --run-4: #f0c94d; --run-5: #a5d8ff;
    --kind-correct: #4d6474; --kind-inversion: #b692f6; --kind-swap: #ff922b; --kind-jitter: #f0c94d;
    --kind-miss: #ff6b81; --kind-falsePositive: #aab3bb;
    --annotated: #38d9a9; --predicted: #ff922b; --better: #51cf9f; --worse: #ff8787;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 66rem; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 0.6rem; padding-top: 0.6rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1rem 0 0.4rem; }
h3:empty { display: none; }
p { margin: 0.4rem 0; }
.quiet { color: var(--quiet); font-size: 0.9em; overflow-wrap: anywhere; }
.legend { display: inline-flex; align-items: center; gap: 0.35em; margin-right: 0.9em; overflow-wrap: anywhere; }
.swatch { width: 0.8em; height: 0.8em; border-radius: 2px; flex: none; }
.line { width: 1.6em; border-top: 3px solid; }
.line.annotated { border-color: var(--annotated); border-top-style: dashed; }
.line.predicted { border-color: var(--predicted); }
.tag { font-size: 0.75em; padding: 0.05em 0.4em; border: 1px solid var(--line); border-radius: 1em; color: var(--quiet);
  white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.95em; }
th, td { padding: 0.3em 0.6em; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; font-weight: inherit; position: sticky; left: 0; background: var(--ground);
  white-space: normal; overflow-wrap: anywhere; min-width: 9rem; max-width: 20rem; }
thead th { color: var(--quiet); font-weight: 600; }
tr.measured th, tr.measured td { font-weight: 600; }
tr.published th, tr.published td { color: var(--quiet); }
/* the mean stays in sight on narrow screens */
.scores td:last-child, .scores th:last-child { position: sticky; right: 0; background: var(--ground); }
.delta { font-size: 0.85em; font-weight: 400; } .better { color: var(--better); } .worse { color: var(--worse); }
.scores .delta { display: block; }
.scores .legend { margin-right: 0.5em; }
figure { margin: 0; }
figcaption { font-size: 0.85em; color: var(--quiet); overflow-wrap: anywhere; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 0.8rem; }
.frames { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.2rem; }
.frame svg { width: 100%; max-height: 26rem; display: block; background: var(--raised); border-radius: 4px; }
.frame .blank { fill: var(--raised); }
.frame g { fill: none; stroke-linecap: round; }
.frame .annotated { stroke: var(--annotated); } .frame .predicted { stroke: var(--predicted); }
svg { max-width: 100%; height: auto; }
details { margin: 0.6rem 0; } summary { cursor: pointer; }
ul { padding-left: 1.2rem; }
.narrow { display: none; }
@media (max-width: 640px) {
  body { padding: 0.7rem; font-size: 15px; }
  .wide { display: none; } .narrow { display: block; }
  th, td { padding: 0.3em 0.5em; }
  thead th { white-space: normal; }
  .scroll th:first-child { min-width: 8rem; max-width: 10rem; }
}
`);

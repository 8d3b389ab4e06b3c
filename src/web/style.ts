/** The style sheet of all pages, for light and dark mode; colours are named variables. */
export const style = `
:root { color-scheme: light dark;
  --paper: light-dark(#faf7f0, #16181d); --card: light-dark(#fff, #1f232b); --ink: light-dark(#20242c, #e8e6e1);
  --faint: light-dark(#67707f, #98a1b0); --line: light-dark(#e4ded0, #323845); --accent: light-dark(#1668c7, #6db3ff);
  --gold: light-dark(#9a6a00, #e5b84f); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: clamp(2rem, 5vw, 3rem); line-height: 1.1; margin: 0 0 .75rem; letter-spacing: -.02em; }
h2 { font-size: 1.15rem; margin: 0 0 .75rem; }
p { margin: 0 0 1rem; max-width: 44rem; } .lead { font-size: 1.15rem; color: var(--faint); }
a { color: var(--accent); }
form { display: flex; gap: .5rem; margin: 1.5rem 0 2rem; flex-wrap: wrap; }
input { flex: 1 1 16rem; min-width: 0; padding: .65rem .8rem; border: 1px solid var(--line); border-radius: .6rem;
  background: var(--card); color: inherit; font: inherit; }
button { padding: .65rem 1.2rem; border: 0; border-radius: .6rem; background: var(--accent); color: var(--paper); font: inherit; font-weight: 600; cursor: pointer; flex: 0 0 auto; }
@media (max-width: 30rem) { main { padding-top: 1.5rem; } button { flex-grow: 1; } }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 0 0 1.5rem; padding: 0; }
.numbers div, section { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1rem 1.1rem; }
.numbers dt { color: var(--faint); font-size: .85rem; } .numbers dd { margin: 0; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: .75rem; align-items: start; }
section { min-width: 0; }
@media (max-width: 30rem) { .numbers { grid-template-columns: 1fr; gap: .4rem; }
  .numbers div { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; padding: .5rem 1.1rem; } .numbers dd { font-size: 1.2rem; } }
table { width: 100%; border-collapse: collapse; } td, th { padding: .3rem 0; text-align: left; border-top: 1px solid var(--line); font-weight: 400; }
tr:first-child td, tr:first-child th { border-top: 0; } td:last-child { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:nth-child(2), th { overflow-wrap: anywhere; } td:first-child:not(:only-child) { padding-right: .75rem; overflow-wrap: normal; }
.gold { color: var(--gold); font-weight: 650; } .faint { color: var(--faint); } ul { margin: 0; padding-left: 1.1rem; }
code { font-size: .92em; } footer { margin-top: 2rem; color: var(--faint); font-size: .9rem; }
`

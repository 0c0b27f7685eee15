/** How a report looks: on screens that are light or dark, narrow or wide, and on paper. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5b6570; --paper: #fff; --line: #d9dee3; --bar: #2f6f9f; --tile: #f4f6f8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa5b1; --paper: #14181c; --line: #333b43; --bar: #6fb3e0; --tile: #1d2329 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem }
h1 { margin: 0; font-size: 1.6rem }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.15rem }
p { margin: .25rem 0; color: var(--soft); max-width: 60rem }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; margin: 1.5rem 0 0 }
dl div { padding: .6rem .8rem; border-radius: .4rem; background: var(--tile) }
dt { color: var(--soft); font-size: .8rem }
dd { margin: 0; font-size: 1.1rem; font-weight: 600; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto }
table { width: 100%; border-spacing: 0; font-variant-numeric: tabular-nums }
th, td { padding: .4rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th:first-child { position: sticky; left: 0; width: 24%; padding-left: 0; background: var(--paper); text-align: left; overflow-wrap: anywhere; white-space: normal }
th:last-child, td:last-child { padding-right: 0 }
thead th { color: var(--soft); font-size: .8rem; font-weight: 600; vertical-align: bottom }
tbody th { min-width: 8.5rem; font-weight: 500 }
tbody th i { position: absolute; left: 0; bottom: 0; height: 3px; border-radius: 0 2px 2px 0; background: var(--bar) }
footer { margin-top: 2.5rem; font-size: .85rem }
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --line: #bbb; --bar: #444; --tile: #fff }
  :root, body { font-size: 8pt }
  main { max-width: none; padding: 0 }
  h2 { break-after: avoid }
  .wide { overflow: visible }
  th, td { padding: .35rem .5rem }
  th:first-child { position: relative }
  thead { display: table-header-group }
  tr, dl div { break-inside: avoid }
  dl div { border: 1px solid var(--line) }
  tbody th i { print-color-adjust: exact }
}
`

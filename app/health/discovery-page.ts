import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { Example } from '../domain/client-hints.ts'
import style from './discovery.css' with { type: 'text' }
import type {
  DescribedGateway,
  DiscoveredGateway,
  DiscoveryDocument,
} from './discovery-document.ts'

type HintingGateway = Pick<DescribedGateway, 'name' | 'hints'>

export interface PageOptions {
  /** Those of the document, with how to point programs at each. */
  readonly gateways: readonly HintingGateway[]
  /** Where the reader has found us: scheme, host and port. */
  readonly origin: string
  readonly takesKeyInPath: boolean
}

/** What stands for the key of whoever reads. */
const KEY = 'plk_…'

const STYLE_HASH = createHash('sha256').update(style).digest('base64')

/** What browsers let the page do, which is to be looked at: it has its one style and no script. */
export const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Many on one side, one on the other. */
const MARK = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" fill="none" stroke="#c2703d" stroke-width="2.5" stroke-linecap="round" aria-hidden="true"><path d="M7 6c8 0 8 10 17 10M7 16h17M7 26c8 0 8-10 17-10"/><g fill="#c2703d" stroke="none"><circle cx="6" cy="6" r="3"/><circle cx="6" cy="16" r="3"/><circle cx="6" cy="26" r="3"/><circle cx="25" cy="16" r="5"/></g></svg>`
const ICON = `data:image/svg+xml,${encodeURIComponent(MARK)}`

type Html = ReturnType<typeof html>

/** The same as the document says, for people, with how to point programs at each gateway. */
export function discoveryPage(document: DiscoveryDocument, options: PageOptions): Html {
  const { version, documentation } = document
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parallama</title>
<link rel="icon" href="${ICON}">
<style>${raw(style)}</style>
</head>
<body>
<header>
${raw(MARK)}
<h1>Parallama</h1>
<p>Language models, shared by many. Point the programs that you already use at one of these addresses and
give them your API key; whoever runs this server has one for you.</p>
</header>
<main>
${options.gateways.map((gateway) => gatewaySection(gateway, document, options))}</main>
<footer>
<nav aria-label="More">
<a href="${documentation}">API documentation</a>
<a href="/status">Status</a>
</nav>
${version === undefined ? null : html`<p>Version ${version}</p>`}
</footer>
</body>
</html>
`
}

function gatewaySection(
  { name, hints }: HintingGateway,
  { gateways }: DiscoveryDocument,
  { origin, takesKeyInPath }: PageOptions,
): Html | null {
  const gateway = gateways[name]
  if (!gateway) return null
  const { status, features, endpoints } = gateway
  const base = `${origin}${gateway.base_path}`
  const { title, programs, examples, note } = hints({ base, key: KEY, takesKeyInPath })
  return html`<section aria-labelledby="gateway-${name}">
<div class="about">
<div class="head">
<h2 id="gateway-${name}">${title}</h2>
<p class="state ${status}">${status === 'disabled' ? 'switched off' : status}</p>
</div>
<p>${programs}</p>
${note === undefined ? null : html`<p class="note">${note}</p>`}
<ul class="features" aria-label="What it can do">
${features.map((feature) => html`<li>${feature}</li>\n`)}</ul>
${modelsOf(gateway)}
<details>
<summary>${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}</summary>
<ul class="endpoints">
${endpoints.map((endpoint) => html`<li><code>${endpoint}</code></li>\n`)}</ul>
</details>
</div>
<div class="how">
${examples.map(figureOf)}</div>
</section>
`
}

const figureOf = ({ label, code }: Example): Html => html`<figure>
<figcaption>${label}</figcaption>
<pre tabindex="0"><code>${code}</code></pre>
</figure>
`

/** Nothing for strangers, nor where there is nothing to tell. */
function modelsOf({ model_mappings = {}, default_model = null }: DiscoveredGateway): Html | null {
  const rows = Object.entries(model_mappings).map(([alias, model]) =>
    modelRow(html`<code>${alias}</code>`, model),
  )
  if (default_model !== null) rows.push(modelRow(html`no name at all`, default_model))
  if (rows.length === 0) return null
  return html`<table>
<caption>Names that stand for models</caption>
<tbody>
${rows}</tbody>
</table>`
}

const modelRow = (name: Html, model: string): Html =>
  html`<tr><th scope="row">${name}</th><td><code>${model}</code></td></tr>\n`

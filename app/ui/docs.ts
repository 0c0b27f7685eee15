import { readFile } from 'node:fs/promises'
import style from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import script from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import type { App } from '../factory.ts'

export interface DocsNeeds {
  /** The OpenAPI document of our own API. */
  readonly openApi: () => object
}

/** Same origin and no inline script: nothing of it comes from elsewhere, and it works without a network. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parallama API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null })
`

const ASSETS = {
  '/docs/swagger-ui-bundle.js': [() => readFile(script), 'text/javascript; charset=utf-8'],
  '/docs/swagger-ui.css': [() => readFile(style), 'text/css; charset=utf-8'],
  '/docs/start.js': [async () => Buffer.from(START), 'text/javascript; charset=utf-8'],
} as const

/** `/openapi.json`, and `/docs` to read it. */
export function mountDocs(app: App, { openApi }: DocsNeeds): void {
  let document: string | undefined
  app.get('/openapi.json', (c) => {
    document ??= JSON.stringify(openApi())
    return c.body(document, 200, { 'content-type': 'application/json' })
  })
  app.get('/docs', (c) => c.html(PAGE))
  for (const [path, [read, type]] of Object.entries(ASSETS)) {
    app.get(path, async (c) =>
      c.body(new Uint8Array(await read()), 200, {
        'content-type': type,
        'cache-control': 'public, max-age=3600',
      }),
    )
  }
}

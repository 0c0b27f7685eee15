/** Whole trees: which others each may import. Nothing imports the tests. */
export const TREES: Readonly<Record<string, readonly string[]>> = {
  cli: ['app', 'db'],
  app: ['db'],
  db: [],
  tests: ['cli', 'app', 'db'],
}

interface Layer {
  /** Folders and files of `app`, without the ending. */
  readonly parts: readonly string[]
  /** True when the parts must not import each other either. */
  readonly apart?: true
}

/** The layers of `app`, the lowest first: each may import those before it. */
export const LAYERS: readonly Layer[] = [
  { parts: ['domain'] },
  {
    parts: [
      'setting',
      'setting-schemas',
      'setting-gateways',
      'setting-usage',
      'setting-variables',
      'log-sink',
    ],
  },
  { parts: ['settings', 'config', 'log', 'request-path'] },
  { parts: ['errors'] },
  { parts: ['auth', 'limits', 'scheduling', 'upstream', 'usage', 'metrics'], apart: true },
  { parts: ['services'] },
  { parts: ['factory', 'middleware'] },
  { parts: ['guard'] },
  { parts: ['gateways', 'api', 'ui', 'health'], apart: true },
  { parts: ['server'] },
  {
    parts: [
      'store',
      'open-redis',
      'open-identity',
      'open-limiter',
      'open-ledger',
      'open-shared',
      'open-api',
      'installed-models',
      'gateway-names',
      'open-gateways',
      'open-upstream',
      'host-health',
      'host-models',
      'request-terms',
      'admin',
      'deps',
    ],
  },
  { parts: ['main'] },
]

interface TextRule {
  readonly rule: string
  /** What must not be in the code; comments and strings are not looked at. */
  readonly pattern: RegExp
  readonly trees: readonly string[]
  /** Files, or folders ending in `/`, for which the rule does not hold. */
  readonly except: readonly string[]
}

const PRODUCT = ['app', 'db', 'cli']

/** Where Bun's own API may be used: handlers elsewhere know only Web standards. */
const BUN = [
  'app/main.ts',
  'app/upstream/',
  'app/usage/journal.ts',
  'app/auth/',
  'app/ui/',
  'db/',
  'cli/',
]

export const TEXT_RULES: readonly TextRule[] = [
  {
    rule: 'no default exports',
    pattern: /\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/g,
    trees: [...PRODUCT, 'tests'],
    except: ['app/limits/lua.d.ts', 'app/ui/swagger-ui.d.ts', 'app/health/css.d.ts'],
  },
  {
    rule: 'no any',
    pattern: /(?<![.\w$])any(?![\w$(]|\??:)/g,
    trees: [...PRODUCT, 'tests'],
    except: [],
  },
  {
    rule: 'the environment is read in app/config.ts only',
    pattern:
      /\bprocess\s*\??\.\s*env\b|\bprocess\s*\[|\}\s*=\s*process\b(?!\s*\.)|\bBun\.env\b|\bmeta\.env\b/g,
    trees: PRODUCT,
    except: ['app/config.ts'],
  },
  {
    rule: 'routers are made in app/factory.ts only',
    pattern: /\bnew\s+Hono\b/g,
    trees: PRODUCT,
    except: ['app/factory.ts'],
  },
  {
    rule: "Bun's own API stays at the edges",
    pattern: /(?<![.\w$])Bun\s*[.[]/g,
    trees: PRODUCT,
    except: BUN,
  },
  {
    rule: 'no console',
    pattern: /(?<![.\w$])console\s*[.[]/g,
    trees: PRODUCT,
    except: [],
  },
]

interface PackageRule {
  readonly rule: string
  readonly specifier: RegExp
  readonly trees: readonly string[]
  readonly except: readonly string[]
}

export const PACKAGE_RULES: readonly PackageRule[] = [
  { rule: "Bun's own API stays at the edges", specifier: /^bun(:|$)/, trees: PRODUCT, except: BUN },
  {
    rule: 'the environment is read in app/config.ts only',
    specifier: /^(node:)?process$/,
    trees: PRODUCT,
    except: ['app/config.ts'],
  },
]

/** Most lines of a file, so that each can be read in one sitting. */
export const MAX_LINES = 200
export const CODE_ENDINGS = ['ts', 'tsx', 'lua', 'css', 'c', 'h']

/** Folders that have a place in the design; one that exists holds something. */
export const FOLDERS = [
  ...['domain', 'errors', 'auth', 'limits', 'scheduling', 'upstream', 'usage', 'metrics'],
  ...['services', 'middleware', 'gateways', 'gateways/ollama', 'gateways/openai'],
  ...['gateways/anthropic', 'api', 'ui', 'health'],
]
  .map((folder) => `app/${folder}`)
  .concat(['db/migrations', 'db/queries', 'cli/commands', 'cli/demo'])
  .concat(
    ['support', 'unit', 'integration', 'contract', 'e2e', 'faults', 'bench'].map(
      (folder) => `tests/${folder}`,
    ),
  )
  .concat(
    ['container', 'compose', 'systemd', 'rpm', 'kubernetes', 'prometheus', 'grafana'].map(
      (folder) => `deploy/${folder}`,
    ),
  )

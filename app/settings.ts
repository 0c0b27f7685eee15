import { join } from 'node:path'
import { z } from 'zod'
import { type Setting, setting } from './setting.ts'
import { gatewayDecisions } from './setting-gateways.ts'
import {
  addressBlock,
  databaseUrl,
  httpUrl,
  listOf,
  oneOf,
  onOff,
  path,
  redisUrl,
  secretText,
  text,
  webOrigin,
  wholeNumber,
} from './setting-schemas.ts'
import { usageSettings } from './setting-usage.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2

/** Fields that an administrator can open to every caller; the rest need `models:manage`. */
const CALLER_FIELDS = ['context', 'keep_alive', 'raw', 'system', 'template'] as const

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** Every setting there is: the configuration file, the environment and the README follow this. */
export const SETTINGS = {
  host: setting(text, '127.0.0.1', 'Address to listen on'),
  port: setting(wholeNumber(0, 65535), 8000, 'Port to listen on; 0 picks a free one'),
  dataDir: setting(path, (dir: string) => dir, 'Where the database and the secret live'),
  databaseUrl: setting(
    databaseUrl,
    (dir: string) => `sqlite:${join(dir, 'parallama.db')}`,
    'Database: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`; a pooler in between has to pool sessions',
    { secret: true },
  ),
  redisUrl: setting(
    z.union([z.null(), redisUrl]),
    null,
    'Redis, for limits that several servers share: `redis://HOST:PORT`; without it each server counts for itself',
    { secret: true },
  ),
  ollamaUrls: setting(
    listOf(httpUrl).refine((urls) => urls.length > 0, { error: 'must name at least one host' }),
    'http://127.0.0.1:11434',
    'The Ollama hosts, separated by commas',
  ),
  secret: setting(
    z.union([
      z.null(),
      secretText.refine((s) => s.reveal().length >= 32, {
        error: 'must have at least 32 characters',
      }),
    ]),
    null,
    'The master secret itself, instead of a file',
    { secret: true },
  ),
  secretFile: setting(
    path,
    (dir: string) => join(dir, 'secret'),
    'File of the master secret, made at the first start',
  ),
  logLevel: setting(oneOf(LOG_LEVELS), 'info', `How much to log: ${LOG_LEVELS.join(', ')}`),
  rootAliases: setting(
    onOff,
    false,
    'Also answer at `/api/*` and `/v1/*`, for programs that take only host and port',
  ),
  keyInPath: setting(
    onOff,
    false,
    'Accept a key as `/ollama/k/KEY/…`, for programs that send no headers',
  ),
  trustedProxies: setting(
    z.preprocess((v) => v ?? [], listOf(addressBlock)),
    null,
    'Reverse proxies whose `X-Forwarded-For` is believed: addresses or blocks such as `10.0.0.0/8`, separated by commas; with none, who comes from this machine is never locked out for bad keys',
  ),
  failedAuthPerMinute: setting(
    wholeNumber(1, 100_000),
    60,
    'How many requests without a valid key one address, or one /64 of IPv6, may send in a minute before it is locked out; keys that have been in use go on working there; failed logins are counted apart, up to the same number',
  ),
  callerFields: setting(
    listOf(oneOf(CALLER_FIELDS)),
    'context,raw,system',
    `What callers may set without \`models:manage\`: ${CALLER_FIELDS.join(', ')}`,
  ),
  maxPredictTokens: setting(
    wholeNumber(1, 10_000_000),
    32_768,
    'Longest answer a caller can ask for, in tokens',
  ),
  defaultPredictTokens: setting(
    wholeNumber(16, 10_000_000),
    4096,
    'Longest answer to a request that sets no `num_predict`, when a limit on tokens applies to it; so much is reserved',
  ),
  maxContextTokens: setting(
    wholeNumber(0, 10_000_000),
    0,
    "Largest `num_ctx` a caller can ask for; 0 keeps Ollama's own",
  ),
  maxBodyBytes: setting(wholeNumber(1024, 256 * MIB), 32 * MIB, 'Largest request body, in bytes'),
  maxUploadBytes: setting(
    wholeNumber(MIB, 1024 * GIB),
    64 * GIB,
    'Largest model file that can be uploaded, in bytes',
  ),
  bodyTimeoutSeconds: setting(
    wholeNumber(1, 3600),
    60,
    'How long a request body may take to arrive',
  ),
  firstByteTimeoutSeconds: setting(
    wholeNumber(1, 86_400),
    600,
    'How long Ollama may take to begin its answer, or to give all of one that is not streamed; loading a model counts',
  ),
  idleTimeoutSeconds: setting(
    wholeNumber(1, 86_400),
    300,
    'How long Ollama may be silent within an answer',
  ),
  heartbeatSeconds: setting(
    wholeNumber(1, 3600),
    10,
    'After how much silence a caller who waits for a stream is told that it goes on',
  ),
  requestTimeoutSeconds: setting(
    wholeNumber(1, 604_800),
    3600,
    'How long one inference request may take in all',
  ),
  drainDelaySeconds: setting(
    wholeNumber(0, 3600),
    0,
    'How long to go on taking requests after SIGTERM, with `/readyz` at 503, for load balancers to notice',
  ),
  drainTimeoutSeconds: setting(
    wholeNumber(0, 86_400),
    300,
    'How long running answers may go on after SIGTERM',
  ),
  tokenIssuer: setting(
    text,
    'parallama',
    'Who issues access tokens, and whom they are for: `iss` and `aud`',
  ),
  accessTokenMinutes: setting(
    wholeNumber(1, 1440),
    10,
    'How long an access token is good, in minutes',
  ),
  sessionIdleDays: setting(
    wholeNumber(1, 365),
    7,
    'How long a login lasts that nobody uses, in days',
  ),
  sessionDays: setting(wholeNumber(1, 3650), 30, 'How long a login lasts in all, in days'),
  registration: setting(
    onOff,
    false,
    'Let people who have an invitation register themselves at `/auth/register`',
  ),
  corsOrigins: setting(
    z.preprocess((v) => v ?? [], listOf(webOrigin)),
    null,
    'Web pages of other origins that may call: such as `https://chat.example.com`, separated by commas; `*` for any, which can then send no cookies',
  ),
  minPasswordLength: setting(wholeNumber(8, 64), 15, 'Shortest password, in characters'),
  gateways: setting(
    gatewayDecisions,
    null,
    'For each gateway by its name `enabled`, `default_model` and, as `alias: model` lines, `model_mappings`; what administrators decide later goes before it; in the environment as YAML or JSON in one line',
  ),
  usage: setting(
    usageSettings,
    null,
    'What is kept of usage, and what it costs: `retention_days` of requests (90), `rollup_retention_days` of hourly sums (1095); `watts` that a busy host draws, `price_per_kwh`, `currency` and, for each model or `*`, `prices` with `gpu_hour`, `input_million_tokens` and `output_million_tokens`; in the environment as YAML or JSON in one line',
  ),
} satisfies Record<string, Setting<unknown>>

export type SettingName = keyof typeof SETTINGS

/** The validated settings. */
export type Config = { readonly [K in SettingName]: z.infer<(typeof SETTINGS)[K]['schema']> }

import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import type { HintOptions } from '../../../app/domain/client-hints.ts'
import { createModelAliases } from '../../../app/domain/model-aliases.ts'
import { GATEWAYS } from '../../../app/gateways/registry.ts'
import { discoveryPage } from '../../../app/health/discovery-page.ts'
import type { ServerNeeds } from '../../../app/server.ts'
import { createTestServer, GOOD } from '../support/test-server.ts'

const BROWSER = { accept: 'text/html' }

const pageOf = async (
  needs: Partial<ServerNeeds> = {},
  headers: Record<string, string> = BROWSER,
) => {
  const response = await createTestServer(needs)('GET', '/', headers)
  expect(response.status).toBe(200)
  return { headers: response.headers, text: await response.text() }
}

/** The text in each element that the selector finds. */
function textsOf(page: string, selector: string): string[] {
  const texts: string[] = []
  new HTMLRewriter()
    .on(selector, {
      element: () => void texts.push(''),
      text: ({ text }) => void texts.push((texts.pop() ?? '') + text),
    })
    .transform(page)
  return texts.map((text) => text.replaceAll('&#39;', "'"))
}

describe('the page at the root', () => {
  test('says how to point programs at each gateway, at the address where it was found', async () => {
    const { text } = await pageOf()
    const codes = textsOf(text, 'pre code')
    expect(codes).toContain('http://h/ollama')
    expect(codes.join('\n')).toContain("host: 'http://h/ollama'")
    expect(codes).toContain('OPENAI_BASE_URL=http://h/openai/v1\nOPENAI_API_KEY=plk_…')
    expect(codes).toContain('ANTHROPIC_BASE_URL=http://h/anthropic\nANTHROPIC_API_KEY=plk_…')
    expect(textsOf(text, 'h2')).toEqual(['Ollama', 'OpenAI', 'Anthropic'])
    for (const href of ['/docs', '/status']) expect(text).toContain(`<a href="${href}">`)
  })

  test('says https where a proxy in front says so, and nothing else that a header says', async () => {
    const forwarded = (proto: string) => pageOf({}, { ...BROWSER, 'x-forwarded-proto': proto })
    expect((await forwarded('https')).text).toContain('https://h/openai/v1')
    for (const proto of ['http', 'javascript', 'https://evil.example', '"><script>']) {
      const { text } = await forwarded(proto)
      expect(text).toContain('http://h/openai/v1')
      expect(text).not.toMatch(/javascript|evil|<script/)
    }
  })

  test('has the line for the command ollama only where a key is accepted in the path', async () => {
    const line = 'OLLAMA_HOST=http://h/ollama/k/plk_…'
    expect((await pageOf({ acceptsKeyInPath: true })).text).toContain(line)
    const { text } = await pageOf()
    expect(text).not.toContain('OLLAMA_HOST')
    expect(text).toContain('sends no key')
  })

  test('says which gateways are switched off, and that no host answers the others', async () => {
    const aliases = createModelAliases([], null)
    const settingsOf = (name: string) => ({ enabled: name !== 'openai', aliases })
    const statesOf = async (needs: Partial<ServerNeeds>) =>
      textsOf((await pageOf({ settingsOf, ...needs })).text, '.state')
    expect(await statesOf({})).toEqual(['active', 'switched off', 'active'])
    const health = { check: async () => [] }
    expect(await statesOf({ health })).toEqual(['unavailable', 'switched off', 'unavailable'])
  })

  test('shows a gateway that somebody adds as it describes itself', async () => {
    const [ollama] = GATEWAYS
    if (!ollama) throw new Error('there is no gateway')
    const hints = ({ base, key }: HintOptions) => ({
      title: 'Telegrams',
      programs: 'For operators.',
      examples: [{ label: 'Line', code: `${base} ${key}` }],
    })
    const tiny = { ...ollama, name: 'tiny', basePath: '/tiny', hints }
    const { text } = await pageOf({ gateways: [tiny] })
    expect(textsOf(text, 'h2')).toEqual(['Telegrams'])
    expect(textsOf(text, 'pre code')).toEqual(['http://h/tiny plk_…'])
    expect(text).toContain('For operators.')
  })

  test('shows the names of models to who may use them', async () => {
    const named = createModelAliases([{ alias: 'gpt-4', model: 'llama3:latest' }], 'qwen3:8b')
    const settingsOf = () => ({ enabled: true, aliases: named })
    const { text } = await pageOf({ settingsOf }, { ...BROWSER, 'x-api-key': GOOD })
    expect(textsOf(text, 'td')).toEqual(['llama3:latest', 'qwen3:8b'])
    expect(text).toContain('Version 1.2.3')
    expect(textsOf((await pageOf({ settingsOf })).text, 'td')).toEqual([])
  })
})

describe('what others have named becomes no markup', () => {
  const HOSTILE = `x"'><script>alert('1')</script><img src=x onerror=alert(1)>&`
  const escaped = '&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;'

  test('wherever it stands in the page', async () => {
    const gateway = {
      base_path: `/${HOSTILE}`,
      status: 'active',
      features: [HOSTILE],
      endpoints: [HOSTILE],
      model_mappings: { [HOSTILE]: HOSTILE },
      default_model: HOSTILE,
    } as const
    const gateways = { [HOSTILE]: gateway, ollama: gateway, openai: gateway, anthropic: gateway }
    const examples = [{ label: HOSTILE, code: HOSTILE }]
    const hints = () => ({ title: HOSTILE, programs: HOSTILE, examples, note: HOSTILE })
    const text = String(
      await discoveryPage(
        { name: 'parallama', version: HOSTILE, gateways, documentation: HOSTILE },
        {
          gateways: [{ name: HOSTILE, hints }, ...GATEWAYS],
          origin: `http://${HOSTILE}`,
          takesKeyInPath: true,
        },
      ),
    )
    expect(text.split(escaped).length).toBeGreaterThan(30)
    expect(text).not.toMatch(/<script|<img|x"|x'/)
  })

  test('in an answer: not the name of an alias either', async () => {
    const aliases = createModelAliases([{ alias: HOSTILE, model: 'llama3:latest' }], null)
    const settingsOf = () => ({ enabled: true, aliases })
    const { text } = await pageOf({ settingsOf }, { ...BROWSER, 'x-api-key': GOOD })
    expect(text).toContain(escaped)
    expect(text).not.toMatch(/<script|<img/)
  })
})

describe('the policy of the page', () => {
  test('lets it have its own style, and no script, frame, form or thing from elsewhere', async () => {
    const { headers, text } = await pageOf()
    const [style = ''] = /(?<=<style>)[^<]*(?=<\/style>)/.exec(text) ?? []
    expect(style.length).toBeGreaterThan(100)
    const hash = createHash('sha256').update(style).digest('base64')
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; ` +
        "form-action 'none'; frame-ancestors 'none'",
    )
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=UTF-8',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
  })

  test('is needed for nothing: there is no script, handler, inline style or address of elsewhere', async () => {
    const { text } = await pageOf()
    expect(text).not.toMatch(/<script|\son\w+=|\sstyle=|javascript:/)
    const addresses = text.match(/https?:\/\/[^\s'"<]+/g) ?? []
    expect(addresses.length).toBeGreaterThan(3)
    const others = addresses.filter((url) => !/^http:\/\/(h\/|www\.w3\.org\/2000\/svg)/.test(url))
    expect(others).toEqual([])
  })

  test('is that of data for the same address as JSON', async () => {
    const { headers } = await pageOf({}, { accept: 'application/json' })
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    )
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  })
})

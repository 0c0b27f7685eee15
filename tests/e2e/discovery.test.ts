import { describe, expect, test } from 'bun:test'
import { startChromium } from '../support/chromium.ts'
import { setStage } from '../support/gateway/stage.ts'

const browser = await startChromium()

describe.skipIf('skip' in browser)('in a browser, the root', () => {
  test('is a page with a style of its own that asks for nothing else and runs no script', async () => {
    if ('skip' in browser) throw new Error(browser.skip)
    await using _ = browser
    await using stage = await setStage()
    const page = await browser.newPage()
    await page.open(`${stage.gateway.url}/`)
    expect(await page.evaluate('document.body.innerText')).toContain(`${stage.gateway.url}/ollama`)
    const padding = 'getComputedStyle(document.querySelector("pre")).paddingLeft'
    expect(await page.evaluate(padding)).toBe('14px')
    const asked = page.requests.filter((url) => !url.startsWith('data:'))
    expect(asked).toEqual([`${stage.gateway.url}/`])
    expect(page.troubles).toEqual([])

    // What the page must not do, its policy keeps it from, and it would have been seen.
    await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', resolve)
      const script = document.createElement('script')
      script.textContent = 'globalThis.ran = true'
      document.body.append(script)
    })`)
    expect(await page.evaluate('globalThis.ran ?? false')).toBe(false)
    expect(page.troubles.join('\n')).toContain('script-src')
  }, 60_000)
})

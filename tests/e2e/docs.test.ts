import { describe, expect, test } from 'bun:test'
import { ENDPOINTS } from '../../app/api/endpoints.ts'
import { startChromium } from '../support/chromium.ts'
import { setStage } from '../support/gateway/stage.ts'

const browser = await startChromium()

/** How many operations the page shows, once there are so many. */
const shown = (count: number): string => `new Promise((resolve) => {
  const look = () => {
    const { length } = document.querySelectorAll('.opblock')
    if (length >= ${count}) resolve(length)
  }
  new MutationObserver(look).observe(document, { childList: true, subtree: true })
  look()
})`

describe.skipIf('skip' in browser)('in a browser, /docs', () => {
  test('shows every operation, loads nothing from elsewhere and breaks no rule of its own', async () => {
    if ('skip' in browser) throw new Error(browser.skip)
    await using _ = browser
    await using stage = await setStage()
    const page = await browser.newPage()
    await page.open(`${stage.gateway.url}/docs`)
    expect(await page.evaluate(shown(ENDPOINTS.length))).toBe(ENDPOINTS.length)
    expect(await page.evaluate('document.body.innerText')).toContain('/auth/login')
    const origins = page.requests
      .filter((url) => !url.startsWith('data:'))
      .map((url) => new URL(url).origin)
    expect(origins.length).toBeGreaterThan(3)
    expect(new Set(origins)).toEqual(new Set([stage.gateway.url]))
    expect(page.troubles).toEqual([])

    // What the page must not do, its policy keeps it from, and it would have been seen.
    const foreign = 'https://elsewhere.example/x.png'
    await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', resolve)
      const image = new Image()
      image.src = '${foreign}'
      document.body.append(image)
    })`)
    expect(page.troubles.join('\n')).toContain(foreign)
  }, 60_000)
})

#!/usr/bin/env bun
import { environment } from '../app/config.ts'
import { requireBun } from './bun-version.ts'
import { explain } from './explain.ts'
import { parallama } from './parallama.ts'
import { runCli } from './run.ts'

const MINIMUM_BUN = '1.4.5'

const outdated = requireBun(process.versions.bun, MINIMUM_BUN)
if (outdated) {
  process.stderr.write(`${outdated}\n`)
  process.exit(1)
}

const debug = environment().PARALLAMA_LOG_LEVEL === 'debug'
process.exit(await runCli(parallama, process.argv.slice(2), process, { debug, explain }))

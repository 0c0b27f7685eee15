import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ended } from '../cli-program.ts'
import { onTerminal, type TerminalProgram } from '../terminal.ts'

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
/** What a clone does not have. */
const NOT_CLONED = ['.git', 'node_modules', 'dist']
/** No command may take longer, in ms. */
const MOST_MS = 120_000

/** What the machine needs for reaching its registry, whoever works on it. */
const OF_THE_MACHINE = /^(https?_proxy|no_proxy|\w+_CA_CERTS|SSL_CERT_\w+|npm_config_registry)$/i

/** Somebody with an empty home, a fresh checkout, and a machine that has Node but not Bun. */
export interface Newcomer {
  readonly checkout: string
  /** Runs a command line in the checkout to its end. */
  run(command: string): Promise<Ended>
  /** Starts one that goes on until Ctrl-C, on a terminal. */
  start(command: string): TerminalProgram
  /** Does what `export` does: the variable is there for all later commands. */
  export(name: string, value: string): void
}

/** How the newcomer's `npx` comes to Bun. */
export interface NewcomerOptions {
  /**
   * True for npm's own `npx`, which takes a second for each call; false for one that hands over to
   * the Bun that runs the tests, provided that it is asked for the same version.
   */
  readonly realNpx: boolean
  /** Further variables. */
  readonly env: Readonly<Record<string, string>>
}

/** Sets the newcomer up in an empty folder. */
export function createNewcomer(folder: string, { realNpx, env }: NewcomerOptions): Newcomer {
  const [checkout = '', home = '', programs = ''] = ['parallama', 'home', 'programs'].map((name) =>
    join(folder, name),
  )
  cpSync(PROJECT, checkout, {
    recursive: true,
    filter: (path) => !NOT_CLONED.includes(basename(path)),
  })
  mkdirSync(home)
  for (const settings of ['.npmrc', '.bunfig.toml']) {
    const file = join(homedir(), settings)
    if (existsSync(file)) symlinkSync(file, join(home, settings))
  }
  linkPrograms(programs)
  if (!realNpx) writeShim(programs)
  const withoutPackages = realNpx ? ownGlobalPackages(join(folder, 'packages')) : {}
  const variables: Record<string, string> = {
    ...ofTheMachine(),
    ...downloads(),
    ...withoutPackages,
    PATH: programs,
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    NO_COLOR: '1',
    ...env,
  }
  const shell = (command: string): string[] => [join(programs, 'bash'), '-c', command]
  return {
    checkout,
    async run(command) {
      const child = Bun.spawn(shell(command), {
        cwd: checkout,
        env: variables,
        stdout: 'pipe',
        stderr: 'pipe',
        timeout: MOST_MS,
        killSignal: 'SIGKILL',
      })
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
      return { code: await child.exited, stdout, stderr }
    },
    start: (command) => onTerminal(shell(command), { cwd: checkout, env: variables }),
    export(name, value) {
      variables[name] = value
    },
  }
}

/** Links to all programs of this machine but Bun's. */
function linkPrograms(folder: string): void {
  mkdirSync(folder)
  const taken = new Set(['bun', 'bunx'])
  for (const directory of (process.env.PATH ?? '').split(':')) {
    if (/node_modules|bun/.test(directory) || !existsSync(directory)) continue
    for (const name of readdirSync(directory).filter((one) => !taken.has(one))) {
      taken.add(name)
      symlinkSync(join(directory, name), join(folder, name))
    }
  }
}

/** Like npm's, it puts the package's program on the path of what it starts. */
function writeShim(folder: string): void {
  const file = join(folder, 'npx')
  const bin = join(folder, 'node_modules/.bin')
  mkdirSync(bin, { recursive: true })
  symlinkSync(process.execPath, join(bin, 'bun'))
  // Written through the link, it would replace npm's own.
  rmSync(file, { force: true })
  const shim = `#!/bin/sh
[ "$1 $2" = '-y bun@1.4.5' ] || { echo "not known here: npx $*" >&2; exit 1; }
shift 2
PATH="${bin}:$PATH" exec bun "$@"
`
  writeFileSync(file, shim)
  chmodSync(file, 0o755)
}

/** An empty place for global packages: otherwise npx takes a Bun that is among this machine's. */
function ownGlobalPackages(folder: string): Record<string, string> {
  mkdirSync(folder)
  const settings = Bun.spawnSync(['npm', 'config', 'get', 'globalconfig']).stdout.toString().trim()
  return { npm_config_prefix: folder, npm_config_globalconfig: settings }
}

function ofTheMachine(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && OF_THE_MACHINE.test(name) ? [[name, value]] : [],
    ),
  )
}

/** Where npm and Bun keep what was downloaded, so that no test downloads it again. */
const downloads = (): Record<string, string> => ({
  npm_config_cache: join(homedir(), '.npm'),
  BUN_INSTALL_CACHE_DIR: Bun.spawnSync([process.execPath, 'pm', 'cache'], { cwd: PROJECT })
    .stdout.toString()
    .trim(),
})

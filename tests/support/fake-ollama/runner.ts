import type { FakeModel } from './models.ts'
import { Slots } from './slots.ts'

/** How a request wants its model: part of these change only through a reload. */
export interface LoadWishes {
  readonly options: Readonly<Record<string, unknown>>
  readonly shift: boolean | undefined
  /** How long the model stays after this request; negative is for ever. */
  readonly keepAliveMs: number
}

/** A model in memory. */
export interface LoadedModel {
  readonly model: FakeModel
  readonly contextLength: number
  /** Epoch ms. */
  readonly expiresAt: number
}

/** What the fake's scheduler is told. */
export interface RunnerOptions {
  /** Concurrent requests per loaded model; more wait in order. Default 1, as Ollama. */
  readonly numParallel?: number
  /** Models in memory at one time. Default 3. */
  readonly maxLoadedModels?: number
  /** Called for each load; the model is loaded when it resolves. Default: at once. */
  readonly onLoad?: (model: string) => Promise<unknown>
}

interface Loaded {
  readonly model: FakeModel
  readonly settings: string
  readonly contextLength: number
  readonly slots: Slots
  keepAliveMs: number
  expiresAt: number
}

const forever = Date.UTC(2318, 0, 1)
const loadTime = 'num_ctx num_batch num_gpu main_gpu use_mmap num_thread draft_num_predict'.split(
  ' ',
)

/** Ollama's scheduler in small: one load at a time, FIFO slots, eviction, reload on new settings. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #loaded = new Map<string, Loaded>()
  readonly #loads = new Map<string, number>()
  readonly #loading = new Slots(1)

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  /** How often this model was loaded, reloads included. */
  loads(model: FakeModel | undefined): number {
    return this.#loads.get(model?.key ?? '') ?? 0
  }

  /** The models in memory, the longest-lived first; waits while a model is loading. */
  async list(): Promise<LoadedModel[]> {
    await this.#loading.idle()
    this.#expire()
    return [...this.#loaded.values()].sort((a, b) => b.expiresAt - a.expiresAt)
  }

  /** Loads the model if need be and takes a slot. Call the result when the request is over. */
  async acquire(model: FakeModel, wishes: LoadWishes, signal: AbortSignal): Promise<() => void> {
    this.#expire()
    const loaded = this.#fitting(model, wishes) ?? (await this.#load(model, wishes, signal))
    loaded.keepAliveMs = wishes.keepAliveMs
    await loaded.slots.take(signal)
    return () => {
      loaded.slots.give()
      loaded.expiresAt = expiry(loaded.keepAliveMs)
      this.#expire()
    }
  }

  /** Takes the model out of memory once its requests are done. */
  async unload(model: FakeModel): Promise<void> {
    const loaded = this.#loaded.get(model.key)
    if (!loaded) return
    await loaded.slots.idle()
    this.#loaded.delete(model.key)
  }

  async #load(model: FakeModel, wishes: LoadWishes, signal: AbortSignal): Promise<Loaded> {
    await this.#loading.take(signal)
    try {
      const fitting = this.#fitting(model, wishes)
      if (fitting) return fitting
      await this.#makeRoom(model)
      this.#loads.set(model.key, this.loads(model) + 1)
      await untilAborted(this.#options.onLoad?.(model.name), signal)
      const loaded = this.#enter(model, wishes)
      this.#loaded.set(model.key, loaded)
      return loaded
    } finally {
      this.#loading.give()
    }
  }

  #enter(model: FakeModel, wishes: LoadWishes): Loaded {
    const wanted = wishes.options.num_ctx
    return {
      model,
      settings: settings(wishes),
      contextLength: typeof wanted === 'number' ? wanted : Math.min(4096, model.contextLength),
      slots: new Slots(this.#options.numParallel ?? 1),
      keepAliveMs: wishes.keepAliveMs,
      expiresAt: expiry(wishes.keepAliveMs === 0 ? 1000 : wishes.keepAliveMs),
    }
  }

  #fitting(model: FakeModel, wishes: LoadWishes): Loaded | undefined {
    const loaded = this.#loaded.get(model.key)
    return loaded?.settings === settings(wishes) ? loaded : undefined
  }

  async #makeRoom(model: FakeModel): Promise<void> {
    await this.unload(model)
    while (this.#loaded.size >= (this.#options.maxLoadedModels ?? 3)) {
      const [victim] = [...this.#loaded.values()].sort(
        (a, b) => a.slots.taken - b.slots.taken || a.keepAliveMs - b.keepAliveMs,
      )
      if (victim) await this.unload(victim.model)
    }
  }

  #expire(): void {
    for (const [key, loaded] of this.#loaded) {
      if (loaded.slots.taken === 0 && loaded.expiresAt <= Date.now()) this.#loaded.delete(key)
    }
  }
}

function settings(wishes: LoadWishes): string {
  return JSON.stringify([wishes.shift ?? true, ...loadTime.map((name) => wishes.options[name])])
}

function expiry(keepAliveMs: number): number {
  return keepAliveMs < 0 ? forever : Date.now() + keepAliveMs
}

async function untilAborted(load: Promise<unknown> | undefined, signal: AbortSignal) {
  const left = Promise.withResolvers<never>()
  const leave = () => left.reject(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', leave, { once: true })
  await Promise.race([load, left.promise]).finally(() => signal.removeEventListener('abort', leave))
}

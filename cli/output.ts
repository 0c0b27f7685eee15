import type { Sink } from './sink.ts'
import { type Cell, type Column, record, table } from './table.ts'
import { json, visibleLines } from './terminal-text.ts'

/**
 * What a command says on stdout: text for people or, with `--json`, exactly one JSON value and
 * nothing else.
 */
export type Output = {
  /** Rows as a table, or as a JSON array; `empty` is the sentence shown when there are none. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: ListOptions): void
  /** One thing as labelled lines, or as a JSON object. Without columns, each property is a line. */
  record<Row extends object>(value: Row, columns?: readonly Column<Row>[]): void
  /** A sentence for people. Alone under `--json` it becomes `{"message": …}`; else it is left out. */
  message(text: string): void
  /** Completes the output; `runCli` calls it when the command has succeeded. */
  finish(): void
}

/** How an empty list reads. */
export type ListOptions = { readonly empty: string }

type Needs = Pick<Sink, 'write' | 'isTTY' | 'columns'>

/** An output on `stdout`: text, cut to the width of the terminal if it is one, or JSON. */
export function createOutput(stdout: Needs, { json }: { readonly json: boolean }): Output {
  return json ? jsonOutput(stdout) : textOutput(stdout)
}

function textOutput(stdout: Needs): Output {
  return {
    list(rows, columns, { empty }) {
      const width = stdout.isTTY ? stdout.columns : undefined
      stdout.write(rows.length === 0 ? `${empty}\n` : table(rows, columns, width))
    },
    record(value, columns = columnsOf(value)) {
      stdout.write(record(value, columns))
    },
    message(text) {
      stdout.write(`${visibleLines(text)}\n`)
    },
    finish() {},
  }
}

function jsonOutput(stdout: Needs): Output {
  const messages: string[] = []
  let isWritten = false

  function write(value: unknown): void {
    if (isWritten) throw new Error('a command may print only one JSON value')
    isWritten = true
    stdout.write(json(value))
  }

  return {
    list: (rows) => write(rows),
    record: (value) => write(value),
    message: (text) => {
      messages.push(text)
    },
    finish() {
      if (!isWritten && messages.length > 0) write({ message: messages.join('\n') })
    },
  }
}

function columnsOf<Row extends object>(value: Row): Column<Row>[] {
  return Object.entries(value).map(([key, cell]) => ({
    header: key.replace(/(?<=[a-z0-9])[A-Z]|_/gu, (found) =>
      ` ${found.replace('_', '')}`.toLowerCase(),
    ),
    value: () => (isCell(cell) ? cell : JSON.stringify(cell)),
  }))
}

function isCell(value: unknown): value is Cell {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string')
  return typeof value !== 'object' || value === null || value instanceof Date
}

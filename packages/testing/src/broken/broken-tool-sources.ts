import type { SourceConnection, SourcedTool } from '@belay/core/ports'
import type { ToolSourceSubject, ToolSourceSubjectFactory } from '../contract/tool-source-case.ts'

/** A tool source with one defect, made from a good one. */
export interface BrokenToolSource {
  readonly name: string
  /** Titles of the cases that must reject it; it may fail others too. */
  readonly rejectedBy: readonly string[]
  /** The calls of a connection that differ. */
  plant(connection: SourceConnection, subject: ToolSourceSubject): Partial<SourceConnection>
}

/** Subjects of the source with its defect. */
export function brokenToolSourceSubjects(
  broken: BrokenToolSource,
  subjects: ToolSourceSubjectFactory,
): ToolSourceSubjectFactory {
  return async () => {
    const subject = await subjects()
    const { source } = subject
    return {
      ...subject,
      source: {
        ...source,
        open: async (request) => {
          const connection = await source.open(request)
          return { ...connection, ...broken.plant(connection, subject) }
        },
      },
    }
  }
}

async function versionOf({ list }: SourceConnection, name: string): Promise<string> {
  return (await list()).find((tool) => tool.name === name)?.version ?? ''
}

let lists = 0

/** Sources that change their tools, lose errors or go on after their end. */
export const brokenToolSources: readonly BrokenToolSource[] = [
  {
    name: 'gives a tool another version with each list',
    rejectedBy: ['list: an unchanged source gives the same tools again, on every connection'],
    plant: (connection) => ({
      list: async (options) => {
        lists += 1
        const version = ({ version: before }: SourcedTool): string => `${before}-${lists}`
        return (await connection.list(options)).map((tool) => ({ ...tool, version: version(tool) }))
      },
    }),
  },
  {
    name: 'hashes only the name of a tool',
    rejectedBy: ['version: changes with what a person relies on, and the old one is refused without a call'],
    plant: (connection) => ({
      list: async (options) =>
        (await connection.list(options)).map((tool) => ({ ...tool, version: tool.name })),
      call: async (name, input, options) =>
        connection.call(name, input, { ...options, version: await versionOf(connection, name) }),
    }),
  },
  {
    name: 'calls a tool in any version',
    rejectedBy: ['call: another version than the one that is there is refused, and nothing is called'],
    plant: (connection) => ({
      call: async (name, input, options) =>
        connection.call(name, input, { ...options, version: await versionOf(connection, name) }),
    }),
  },
  {
    name: 'lists its tools as they come',
    rejectedBy: ['list: gives every tool once, by name in the order of UTF-16 units'],
    plant: (connection) => ({ list: async (options) => [...(await connection.list(options))].reverse() }),
  },
  {
    name: 'throws what a tool answers with an error',
    rejectedBy: ['call: a tool that fails gives an error result, and the connection goes on'],
    plant: (connection) => ({
      call: async (name, input, options) => {
        const result = await connection.call(name, input, options)
        // What it throws is no assertion and no coded error, so that only the missing result is found.
        return result.isError ? { isError: false, text: 'Error' } : result
      },
    }),
  },
  {
    name: 'stops waiting after an abort and does not tell the other side',
    rejectedBy: ['abort: ends a call with its reason, tells the other side, and the connection goes on'],
    plant: (connection) => ({
      call: (name, input, { signal, ...options }) => {
        signal.throwIfAborted()
        const never = new AbortController().signal
        const left = new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
        })
        return Promise.race([left, connection.call(name, input, { ...options, signal: never })])
      },
    }),
  },
]

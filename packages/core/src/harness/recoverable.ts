import { runIdOfInbox, runStream } from '../feed/streams.ts'
import type { Head, HeadQuery } from '../ports/index.ts'
import type { Engine } from '../run/engine.ts'
import { inboxKind, unreadState } from '../run/heads.ts'
import { headPages } from './head-pages.ts'

/**
 * Heads of the runs that somebody may have to go on with, each once. Only what can be ready is asked for, because a
 * store may hold any number of runs that wait: those that are due, and those with a command that no attempt has
 * read. Executing runs are few. Those without a live lease come first; for the others somebody has to look whether
 * the holder is a dead process of this host, whose lease need not be waited for.
 */
export async function* recoverable(engine: Engine): AsyncGenerator<Head> {
  const seen = new Set<string>()
  for await (const head of found(engine)) {
    if (seen.has(head.stream)) continue
    seen.add(head.stream)
    yield head
  }
}

async function* found(engine: Engine): AsyncGenerator<Head> {
  const running = { kind: 'run', states: ['running'] }
  const suspended = { kind: 'run', states: ['suspended'] }
  yield* each(engine, { ...running, unowned: true })
  yield* each(engine, { ...suspended, dueBefore: engine.platform.now() })
  yield* suspendedWithCommands(engine)
  yield* each(engine, running)
}

async function* each(engine: Engine, query: HeadQuery): AsyncGenerator<Head> {
  for await (const page of headPages(engine, query)) yield* page
}

async function* suspendedWithCommands(engine: Engine): AsyncGenerator<Head> {
  for await (const page of headPages(engine, { kind: inboxKind, states: [unreadState] })) {
    const streams = page.map(({ stream }) => runStream(runIdOfInbox(stream)))
    yield* await engine.journal.heads({ streams, states: ['suspended'], limit: streams.length })
  }
}

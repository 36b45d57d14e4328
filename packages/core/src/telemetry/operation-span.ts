import { hash } from 'node:crypto'
import { SpanKind, type Attributes, type Context, type Tracer } from '@opentelemetry/api'
import { errorType } from '../feed/redact.ts'
import type { OperationEnd, OperationFacts } from '../run/observer.ts'
import { defined } from './attribute-values.ts'
import { quietly } from './guard.ts'
import { OpenSpan } from './spans.ts'

/** What a program may be called, so that nobody puts text into the name of a command. */
const commandName = /^[A-Za-z0-9._+-]{1,64}$/

/** A span of what a step does in its sandbox. Of a command its name alone is said, of a ref its hash. */
export function operationSpan(
  where: { readonly tracer: Tracer; readonly runId: string; readonly parent: Context },
  facts: OperationFacts,
): (end: OperationEnd) => void {
  const { tracer, runId, parent } = where
  const name = facts.kind === 'exec' ? 'belay.sandbox.exec' : 'belay.workspace.snapshot'
  const attributes = { 'belay.run.id': runId, 'belay.key': facts.key, ...attributesOf(facts) }
  const span = new OpenSpan(tracer, name, { kind: SpanKind.INTERNAL, attributes }, parent)
  return (end) => {
    quietly(() => span.add(endOf(end)))
    span.end(end.error === undefined ? undefined : errorType(end.error))
  }
}

function attributesOf(facts: OperationFacts): Attributes {
  if (facts.kind === 'snapshot') return {}
  const name = facts.command.slice(facts.command.lastIndexOf('/') + 1)
  return {
    'belay.sandbox.command': commandName.test(name) ? name : '_OTHER',
    'belay.sandbox.isolation': facts.isolation,
  }
}

function endOf({ exitCode, truncated, snapshot }: OperationEnd): Attributes {
  return defined({
    'belay.sandbox.exit_code': exitCode,
    'belay.sandbox.truncated': truncated,
    ...(snapshot !== undefined && {
      'belay.workspace.ref': hash('sha256', snapshot.ref),
      'belay.workspace.changed': snapshot.changed,
      'belay.workspace.files': snapshot.files,
      'belay.workspace.bytes': snapshot.bytes,
      'belay.workspace.written_bytes': snapshot.writtenBytes,
    }),
  })
}

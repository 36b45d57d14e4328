import { defineHarness, nodePlatform } from '@belay/core'
import type { RunHandle, Runnable, Worker } from '@belay/core'
import { sqliteStore } from '@belay/local-sqlite'
import { workerModel } from '../sweep/worker-model.ts'
import { heldFlow, liveFlow, meteredFlow, mixedFlow, stepsFlow, waitingFlow } from './flows.ts'
import { createGates } from './gates.ts'
import { shortLeasePlatform, withShortLeases } from './short-lease.ts'
import { errorOf, type Call, type Calls } from './wire.ts'
import { openWitness } from './witness-file.ts'

/**
 * A process that executes runs on a store file. Its parent calls it over the channel of `fork`; what bodies do is in
 * the witness file, and notes go to the parent at once. Arguments: store file, witness file, time of a lease.
 */
const [file = '', witnessPath = '', leaseMs = '0'] = process.argv.slice(2)
const ttlMs = Number(leaseMs)
const note = (text: string): void => void process.send?.({ note: text })
const witness = openWitness(witnessPath)
const gates = createGates()
const host = { witness, gates, note }
const store = sqliteStore({ file })
const harness = defineHarness({
  name: 'worker',
  models: { scripted: workerModel(() => undefined) },
  workflows: {
    steps: stepsFlow(host),
    held: heldFlow(host),
    live: liveFlow(host),
    waiting: waitingFlow(host),
    metered: meteredFlow(host),
    mixed: mixedFlow(host),
  },
  store: ttlMs > 0 ? withShortLeases(store, ttlMs) : store,
  platform: ttlMs > 0 ? shortLeasePlatform(ttlMs) : nodePlatform(),
})
const handles = new Map<string, RunHandle>()
let worker: Worker | undefined

const calls: Calls = {
  start: async ({ sessionId, flow, input, runId }) => {
    const session = await harness.getSession(sessionId)
    const runnable = session.workflows[flow] as Runnable<unknown, unknown>
    const handle = await runnable.start(input, runId === undefined ? {} : { durable: { runId } })
    handles.set(handle.id, handle)
    return handle.id
  },
  result: async (runId) => handles.get(runId)?.result,
  resume: async (runId) => {
    const handle = await harness.runs.resume(runId)
    handles.set(runId, handle)
    return handle.id
  },
  recover: async () => {
    const { resumed, ...rest } = await harness.runs.recover()
    for (const handle of resumed) handles.set(handle.id, handle)
    return { resumed: resumed.map((handle) => handle.id), ...rest }
  },
  work: async (pollMs) => {
    worker ??= harness.worker({ pollMs })
  },
  stopWork: async () => worker?.stop(),
  signal: ({ runId, name, value, commandId }) =>
    harness.runs.signal(runId, name, value, commandId === undefined ? {} : { commandId }),
  cancel: ({ runId, reason, commandId }) =>
    harness.runs.cancel(runId, { reason, ...(commandId !== undefined && { commandId }) }),
  extend: ({ runId, modelCalls }) => harness.runs.extend(runId, { modelCalls }),
  get: (runId) => harness.runs.get(runId),
  events: async ({ runId, after }) => {
    const events: unknown[] = []
    for await (const event of harness.runs.events(runId, { after })) {
      if ('position' in event) events.push(event)
      if ('position' in event) note(`event ${event.position} ${event.type}`)
    }
    return events
  },
  open: async () => gates.open(),
  shutdown: async () => {
    await worker?.stop()
    await harness.shutdown()
    witness.close()
  },
}

process.on('message', ({ id, name, argument }: Call) => {
  const call = calls[name] as (argument: unknown) => Promise<unknown>
  Promise.resolve()
    .then(() => call(argument))
    .then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: errorOf(error) }),
    )
    .catch(() => undefined)
})
// A worker does not outlive its parent.
process.on('disconnect', () => process.exit())
note('ready')

import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineHarness, defineWorkflow } from '../../src/index.ts'
import { manualPlatform } from '../fixtures/manual-platform.ts'
import { storeOn } from '../fixtures/mortal-store.ts'
import { tracing } from '../fixtures/tracing.ts'

const key = 'customers:ada.lovelace'
const person = 'user-4711'

const flow = defineWorkflow({
  name: 'flow',
  input: z.null(),
  output: z.string(),
  run: async (ctx) => {
    await ctx.memory.user(person).write(key, 'x')
    // Longer than what stands inline, so that the entry holds a ref.
    return ctx.step('large', () => 'y'.repeat(70_000))
  },
})

it('memory keys are SHA-256 in spans and in the audit view, and refs are no more than that [TEL-11]', async () => {
  const clock = manualPlatform()
  const sdk = tracing()
  const harness = defineHarness({
    name: 'test',
    models: {},
    workflows: { flow },
    store: storeOn(clock),
    platform: clock,
    telemetry: sdk.telemetry,
  })
  const session = await harness.getSession('s')
  await clock.until(session.workflows.flow.run(null, { durable: { runId: 'r' } }))
  const audit = []
  for await (const event of harness.runs.audit('r')) audit.push(event)
  const spans = sdk
    .spans()
    .map(({ name, attributes, status, events }) => ({ name, attributes, status, events }))
  const shown = JSON.stringify([spans, audit])
  expect(shown).not.toContain(key)
  expect(shown).not.toContain(person)
  const digest = createHash('sha256')
    .update(JSON.stringify(['user', person, key]))
    .digest('base64url')
  expect(shown).toContain(`memory.write.${digest.slice(0, 22)}`)
  const refs = shown.match(/sha256:[^"]*/g) ?? []
  expect(refs.filter((ref) => !/^sha256:[0-9a-f]{64}$/.test(ref))).toEqual([])
})

import assert from 'node:assert/strict'
import { isCodedError } from '@belay/core/ports'
import type { Json, PortError } from '@belay/core/ports'

async function thrownBy(call: () => Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await call()
  } catch (error) {
    return error
  }
  return assert.fail(`Expected a refusal, got ${JSON.stringify(value) ?? 'undefined'}`)
}

/** Asserts that a call fails with this code, and with these facts in its `meta` if given. */
export async function refuses(
  call: () => Promise<unknown>,
  code: string,
  meta: Readonly<Record<string, Json>> = {},
): Promise<PortError<string>> {
  const error = await thrownBy(call)
  if (!isCodedError(error)) throw assert.fail(`Expected a coded error ${code}, got ${String(error)}`)
  assert.equal(error.code, code)
  for (const [key, value] of Object.entries(meta)) assert.deepEqual(error.meta[key], value, `meta.${key}`)
  return error
}

/** Asserts that a call is refused as misuse. */
export async function refusesMisuse(call: () => Promise<unknown>): Promise<void> {
  const error = await thrownBy(call)
  assert.ok(error instanceof TypeError, `Expected a TypeError, got ${String(error)}`)
}

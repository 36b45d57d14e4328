import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { testingVersion } from '../src/version.ts'

test('adapters of this package state its version', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  assert.equal(testingVersion, (JSON.parse(text) as { version: string }).version)
})

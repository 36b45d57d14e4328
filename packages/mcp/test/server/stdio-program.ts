import { serveMcp } from '../../src/index.ts'
import { testHarness } from './serving.ts'

// A program as an application would write it: it also writes lines of its own to stdout.
const { harness, expose, seen, hanging } = testHarness()
const started = hanging()
const serving = await serveMcp(harness, { expose, transport: { type: 'stdio' }, drainMs: 0 })
console.log('a line that is no message')
process.stdout.write('another one\n')
void started.then(() => process.stderr.write('hanging\n'))
await serving.closed
await harness.shutdown()
process.stderr.write(`closed, aborted: ${seen.aborted.join()}\n`)

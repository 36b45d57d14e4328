import { credentialFile } from '../../src/auth/credential-file.ts'

// A process that writes values and counts under a lock, or takes the lock and keeps it until it is killed.
const [what, file, keyHex, name] = process.argv.slice(2) as [string, string, string, string]
const store = credentialFile({ file, key: Buffer.from(keyHex, 'hex') })
if (what === 'hold') {
  await store.withLock('k', () => {
    process.stdout.write('held\n')
    return new Promise(() => setInterval(() => undefined, 1_000))
  })
}
for (let n = 0; n < 10; n++) {
  await store.set(`${name}-${n}`, { n })
  await store.withLock('count', async () => {
    const { n: count } = ((await store.get('count')) ?? { n: 0 }) as { n: number }
    await store.set('count', { n: count + 1 })
  })
}

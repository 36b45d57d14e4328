import { expect, test } from 'vitest'
import { faultsOf, type PackedPackage } from '../scripts/package-contents.ts'

const good: PackedPackage = {
  manifest: { license: 'Apache-2.0', peerDependencies: { '@belay/core': '^1.0.0' } },
  files: ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts', 'dist/index.js.map'],
  sources: ['index.ts', 'index.test.ts'],
}

test('a good package has no faults', () => {
  expect(faultsOf(good)).toEqual([])
})

test.each<[string, Partial<PackedPackage>, RegExp]>([
  ['an install script', { manifest: { ...good.manifest, scripts: { postinstall: 'x' } } }, /postinstall/],
  ['a workspace range', { manifest: { ...good.manifest, dependencies: { a: 'workspace:^' } } }, /workspace/],
  ['no licence', { manifest: {} }, /licence/],
  ['a missing file', { files: good.files.filter((file) => file !== 'LICENSE') }, /lacks LICENSE/],
  ['a stray file', { files: [...good.files, 'src/index.ts'] }, /holds src/],
  ['a test', { files: [...good.files, 'dist/index.test.js'] }, /test/],
  ['a stale build', { files: [...good.files, 'dist/old.js'] }, /source is gone/],
])('finds %s', (_what, change, fault) => {
  expect(faultsOf({ ...good, ...change }).join('\n')).toMatch(fault)
})

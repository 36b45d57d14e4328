import { defineConfig } from 'vitest/config'

const folders = [
  'packages/core',
  'packages/local-sqlite',
  'packages/openai-provider',
  'packages/local-sandbox',
  'packages/mcp',
  'packages/skills',
  'packages/testing',
  'apps/bench',
  'apps/conformance',
  'apps/quickstart',
  'apps/repair',
  'tooling',
]

export default defineConfig({
  test: {
    passWithNoTests: true,
    // Worker threads share one process, and tests that kill or signal processes need their own.
    pool: 'forks',
    // One worker a processor: the default leaves one of them to a person, which is half of a small machine.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-d.ts'],
    },
    projects: folders.map((folder) => ({
      extends: true,
      root: folder,
      test: {
        name: folder.replace(/^.*\//, ''),
        include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
        exclude: ['**/node_modules/**', '**/dist/**'],
      },
    })),
  },
})

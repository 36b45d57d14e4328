import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import * as exported from '../src/index.ts'
import { packageVersion } from '../src/adapter-info.ts'

describe('the package', () => {
  it('exports these names', () => {
    expect(Object.keys(exported).toSorted()).toEqual([
      'aiSdkEmbedding',
      'aiSdkModel',
      'aiSdkReranker',
      'openai',
      'openaiCompatible',
      'openaiEmbedding',
    ])
  })

  it('states its own version, and the port it was written for', () => {
    expect(packageVersion).toBe(packageJson.version)
    expect(exported.openai('gpt-5-mini')).toMatchObject({
      provider: 'openai',
      modelId: 'gpt-5-mini',
      capabilities: ['text', 'object', 'tools', 'vision', 'file'],
      info: {
        id: 'openai',
        packageName: '@belay/openai-provider',
        specs: { model: 'model/1' },
        capabilities: ['model.text', 'model.object', 'model.tools', 'model.vision', 'model.file'],
      },
    })
  })

  it('loads no SDK until a call starts', async () => {
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
      const { openai } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
      const model = openai('gpt-5-mini', { apiKey: 'k', fetch: async () => new Response('', { status: 400 }) })
      const before = loaded.filter((url) => url.includes('@ai-sdk')).length
      try { for await (const _ of model.generate({ messages: [] }, { signal: AbortSignal.timeout(60_000) })); } catch {}
      console.log(JSON.stringify([before, loaded.filter((url) => url.includes('@ai-sdk')).length > 0]))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
    expect(JSON.parse(stdout)).toEqual([0, true])
  })
})

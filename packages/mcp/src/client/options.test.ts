import { expect, test } from 'vitest'
import { resolveOptions, type McpOptions } from './options.ts'

const stdio = { type: 'stdio', command: 'server' }
const http = { type: 'http', url: 'https://example.com/mcp' }

test.each<[string, object, string]>([
  ['an option that is not known', { timeout: 5 }, 'options has no timeout'],
  [
    'a key of stdio that is not known',
    { transport: { ...stdio, arguments: [] } },
    'transport has no arguments',
  ],
  ['a key of http that is not known', { transport: { ...http, header: {} } }, 'transport has no header'],
  ['arguments that are a text', { transport: { ...stdio, args: 'y' } }, 'transport.args must be a list'],
  [
    'a variable that is no text',
    { transport: { ...stdio, env: { A: 1 } } },
    'transport.env must be an object of texts',
  ],
  [
    'a host that is a text',
    { transport: { ...stdio, host: 'yes' } },
    'transport.host must be of type boolean',
  ],
  [
    'headers that are a list',
    { transport: { ...http, headers: ['a'] } },
    'transport.headers must be an object',
  ],
  ['credentials that are a text', { transport: http, auth: 'Bearer secret' }, 'auth must be of type object'],
  ['resources that are a text', { resources: 'all' }, 'resources must be of type boolean'],
])('%s is refused by name, and without its value', (_, options, message) => {
  const resolve = (): unknown =>
    resolveOptions({ name: 'a', transport: stdio, ...options } as unknown as McpOptions)
  expect(resolve).toThrow(TypeError)
  expect(resolve).toThrow(message)
  expect(resolve).not.toThrow('secret')
})

test('what is right is taken', () => {
  const transport = { ...stdio, type: 'stdio', args: ['a'], env: { A: '1' }, host: true } as const
  expect(resolveOptions({ name: 'a', transport })).toMatchObject({ name: 'a', timeoutMs: 60_000 })
})

import { brokenCalls, brokenSandbox, type BrokenFiles } from './broken-files.ts'
import { elsewhere } from './broken-store.ts'

const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

/** The path that a careless adapter makes of another one. */
function repaired(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Sandboxes that let paths out, lose or mix up content, cut in silence or live on. */
export const brokenSandboxes: readonly BrokenFiles[] = [
  brokenCalls(
    {
      name: 'repairs paths that are not normal',
      rejectedBy: ['paths: one that is not normal is refused by every call, and never repaired'],
    },
    (files) => ({ read: (path, options) => files.read(repaired(path), options) }),
  ),
  brokenCalls(
    {
      name: 'takes a relative path for one of the workspace',
      rejectedBy: ['paths: a relative one is refused by every call'],
    },
    (files) => ({ stat: (path) => files.stat(path.startsWith('/') ? path : `/workspace/${path || 'a'}`) }),
  ),
  brokenCalls(
    {
      name: 'takes names of different case for one',
      rejectedBy: ['paths: every name is taken literally and is a name of its own'],
    },
    (files) => ({
      read: (path, options) => files.read(path.toLowerCase(), options),
      write: (path, content, options) => files.write(path.toLowerCase(), content, options),
    }),
  ),
  brokenCalls(
    {
      name: 'replaces by a pattern',
      rejectedBy: ['edit: neither find nor replace is a pattern'],
    },
    (files) => ({
      edit: async (path, { find, replace }) => {
        const content = text((await files.read(path))?.bytes ?? new Uint8Array())
        await files.write(path, bytes(content.replace(find, replace)))
        return { replacements: 1 }
      },
    }),
  ),
  brokenCalls(
    {
      name: 'replaces the first of several places',
      rejectedBy: ['edit: what is there more than once is refused without all, and nothing changes'],
    },
    (files) => ({
      edit: async (path, edit) => {
        const content = text((await files.read(path))?.bytes ?? new Uint8Array())
        if (edit.all === true || !content.includes(edit.find)) return files.edit(path, edit)
        await files.write(path, bytes(content.replace(edit.find, () => edit.replace)))
        return { replacements: 1 }
      },
    }),
  ),
  brokenCalls(
    {
      name: 'loses the byte order mark in an edit',
      rejectedBy: ['edit: mode, byte order mark, line ends and everything outside stay'],
    },
    (files) => ({
      edit: async (path, edit) => {
        const result = await files.edit(path, edit)
        await files.write(
          path,
          bytes(text((await files.read(path))?.bytes ?? new Uint8Array()).replace('\ufeff', '')),
        )
        return result
      },
    }),
  ),
  brokenCalls(
    {
      name: 'writes a file in two halves',
      rejectedBy: ['write: a reader sees the old content or the new one, whole'],
    },
    (files) => ({
      write: async (path, content, options) => {
        if (!(content instanceof Uint8Array) || content.length < 1_000)
          return files.write(path, content, options)
        await files.write(path, content.subarray(0, content.length / 2), options)
        await elsewhere()
        await files.write(path, content, options)
      },
    }),
  ),
  brokenCalls(
    {
      name: 'forgets the mode of a file that it replaces',
      rejectedBy: ['write: a mode is taken, stays when the file is written again, and is 0o644 without one'],
    },
    (files) => ({
      write: (path, content, options) => files.write(path, content, { mode: 0o644, ...options }),
    }),
  ),
  brokenCalls(
    {
      name: 'cuts a list in silence',
      rejectedBy: ['list: is cut at its limit and says so'],
    },
    (files) => ({
      list: async (path, options) => {
        const found = await files.list(path, options)
        return found && { ...found, truncated: false }
      },
    }),
  ),
  brokenCalls(
    {
      name: 'gives paths as its walk finds them',
      rejectedBy: ['glob: gives whole paths of files that match, in the order of UTF-16 units'],
    },
    (files) => ({
      glob: async (pattern, options) => {
        const { paths, truncated } = await files.glob(pattern, options)
        return { paths: [...paths].reverse(), truncated }
      },
    }),
  ),
  brokenCalls(
    {
      name: 'searches lines in the thread of the process',
      rejectedBy: ['grep: an expression without end is ended by name, and the event loop goes on meanwhile'],
    },
    (files) => ({
      grep: async (pattern, options = {}) => {
        const end = performance.now() + (options.timeoutMs ?? 10_000)
        if (pattern === '^(a+)+$') while (performance.now() < end) continue
        return files.grep(pattern, { ...options, timeoutMs: 1 })
      },
    }),
  ),
  brokenCalls(
    {
      name: 'leaves out large files in silence',
      rejectedBy: ['grep: leaves out binary files, says when a file was too large, and cuts long lines'],
    },
    (files) => ({
      grep: async (pattern, options) => ({ ...(await files.grep(pattern, options)), truncated: false }),
    }),
  ),
  brokenCalls(
    {
      name: 'mounts files one after the other',
      rejectedBy: [
        'mount: a path that is not relative and normal, or is there twice, leaves nothing of the mount',
      ],
    },
    (files) => ({
      mount: async (path, mounted, options) => {
        for (const [index] of mounted.entries()) await files.mount(path, mounted.slice(0, index + 1), options)
      },
    }),
  ),
  brokenSandbox(
    {
      name: 'gives one tree to every sandbox',
      rejectedBy: ['open: sandboxes see nothing of each other'],
    },
    ({ open }) => {
      let first: ReturnType<typeof open> | undefined
      return { open: async (request) => ({ ...(await (first ??= open(request))) }) }
    },
  ),
  brokenSandbox(
    {
      name: 'works on after it was closed',
      rejectedBy: ['close: every later call is refused, and closing again does nothing'],
    },
    ({ open }) => ({ open: async (request) => ({ ...(await open(request)), close: async () => {} }) }),
  ),
  brokenSandbox(
    {
      name: 'declares isolation that it does not have',
      rejectedBy: ['info: sandbox.exec and sandbox.isolated are what they say'],
    },
    ({ info }) => ({
      info: { ...info, capabilities: [...info.capabilities, 'sandbox.isolated', 'sandbox.exec'] },
    }),
  ),
]

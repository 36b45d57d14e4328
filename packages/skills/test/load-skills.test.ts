import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { loadSkill, loadSkills } from '../src/index.ts'
import { failureOf, goodSkill, skillFolder, skillMd, type SkillFolder } from './skill-folder.ts'

const open: SkillFolder[] = []
afterEach(() => {
  for (const folder of open.splice(0)) folder.remove()
})
const folderOf = (files: Readonly<Record<string, string | Uint8Array>>): SkillFolder => {
  const folder = skillFolder(files)
  open.push(folder)
  return folder
}

test('a skill is a folder with a SKILL.md, its front matter and files [SKL-1]', async () => {
  const folder = folderOf({
    'pdf-forms/SKILL.md': skillMd(
      [
        'name: pdf-forms',
        'description: >-',
        '  Fills in PDF forms.',
        '  Use it for any form.',
        "license: 'MIT'",
        'compatibility: Needs qpdf',
        'metadata:',
        '  author: Ada # who wrote it',
        '  version: "1.0"',
        'allowed-tools: Read bash(git add:*), grep',
      ],
      '# Forms\n\nOpen the form.',
    ),
    'pdf-forms/reference/fields.md': '# Fields',
    'pdf-forms/logo.png': new Uint8Array([0x89, 0, 1]),
  })
  const skill = await loadSkill(join(folder.path, 'pdf-forms'))
  expect(skill).toMatchObject({
    kind: 'skill',
    name: 'pdf-forms',
    description: 'Fills in PDF forms. Use it for any form.',
    license: 'MIT',
    compatibility: 'Needs qpdf',
    metadata: { author: 'Ada', version: '1.0' },
    allowedTools: ['Read', 'bash(git add:*)', 'grep'],
    instructions: '# Forms\n\nOpen the form.',
  })
  expect(skill.files.map(({ path, text }) => [path, text])).toEqual([
    ['SKILL.md', expect.stringContaining('name: pdf-forms')],
    ['logo.png', undefined],
    ['reference/fields.md', '# Fields'],
  ])
})

test('every folder is a skill, in the order of names; files beside them and dot names are left out', async () => {
  const folder = folderOf({
    'b/SKILL.md': goodSkill('b'),
    'a/SKILL.md': goodSkill('a'),
    'a/.git/config': 'x',
    '.hidden/x': 'x',
    'README.md': 'x',
  })
  const skills = await loadSkills(folder.path)
  expect(skills.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(skills[0]?.files.map(({ path }) => path)).toEqual(['SKILL.md'])
  expect(Object.isFrozen(skills)).toBe(true)
})

test('what changes on the disk afterwards is not seen [SKL-3]', async () => {
  const folder = folderOf({ 'a/SKILL.md': goodSkill('a'), 'a/data.txt': 'one' })
  const skill = await loadSkill(join(folder.path, 'a'))
  const before = skill.hash
  folder.write('a/data.txt', 'two')
  expect(skill.files.find(({ path }) => path === 'data.txt')?.text).toBe('one')
  expect(skill.hash).toBe(before)
  expect((await loadSkill(join(folder.path, 'a'))).hash).not.toBe(before)
  folder.write('a/data.txt', 'one')
  expect((await loadSkill(join(folder.path, 'a'))).hash).toBe(before)
})

test('Windows line ends and a byte order mark are read', async () => {
  const folder = folderOf({ 'a/SKILL.md': `\ufeff${goodSkill('a').replaceAll('\n', '\r\n')}` })
  expect(await loadSkill(join(folder.path, 'a'))).toMatchObject({ name: 'a', instructions: 'Do it.' })
})

describe('a SKILL.md is refused by name and line', () => {
  const good = ['name: a', 'description: A.']
  const cases: readonly (readonly [string, string | Uint8Array, object, string])[] = [
    ['no front matter', 'name: a', { line: 1 }, ':1: '],
    ['no end of it', '---\nname: a\n', { line: 3 }, 'three hyphens'],
    ['no YAML', skillMd(['name: "a', 'description: A.']), { reason: 'front_matter' }, 'not YAML'],
    ['a field twice', skillMd([...good, 'name: a']), { line: 4 }, 'not YAML'],
    ['a tab', skillMd(['name: a', '\tdescription: x']), { reason: 'front_matter' }, 'not YAML'],
    ['an alias', skillMd(['name: &n a', 'description: *n']), { line: 2 }, 'anchors and aliases'],
    ['a tag', skillMd(['name: !!js/function a', 'description: A.']), { line: 2 }, 'not YAML'],
    ['two documents', skillMd([...good, '...', 'name: b']), { reason: 'front_matter' }, 'not YAML'],
    ['a list', skillMd(['- a', '- b']), { line: 2 }, 'fields and values'],
    ['nothing', skillMd([]), { line: 2 }, 'fields and values'],
    ['an unknown field', skillMd([...good, 'model: x']), { line: 4, field: 'model' }, '"model" is not known'],
    ['a near miss', skillMd([...good, 'licence: MIT']), { line: 4, field: 'licence' }, 'write "license"'],
    ['an inherited name', skillMd([...good, 'toString: x']), { field: 'toString' }, 'not known; known are'],
    ['no name', skillMd(['description: A.']), { field: 'name' }, '"name" is missing'],
    ['no description', skillMd(['name: a']), { field: 'description' }, '"description" is missing'],
    [
      'an empty field',
      skillMd(['name: a', 'description:']),
      { field: 'description', line: 3 },
      'has to be a text',
    ],
    ['a number for a text', skillMd(['name: 1', 'description: A.']), { field: 'name', line: 2 }, 'in quotes'],
    [
      'a number in metadata',
      skillMd([...good, 'metadata:', '  v: 1.0']),
      { field: 'metadata', line: 4 },
      '"metadata.v"',
    ],
    [
      'metadata that is a list',
      skillMd([...good, 'metadata: [a]']),
      { field: 'metadata' },
      'names and texts',
    ],
    [
      'tools that are numbers',
      skillMd([...good, 'allowed-tools: [1]']),
      { field: 'allowed-tools', line: 4 },
      'names of tools',
    ],
    [
      'tools that are none',
      skillMd([...good, 'allowed-tools: a(b']),
      { field: 'allowed-tools', line: 4 },
      'name tools',
    ],
    [
      'a name of other letters',
      skillMd(['name: A', 'description: A.']),
      { field: 'name', line: 2 },
      'a-z 0-9',
    ],
    [
      'a long description',
      skillMd(['name: a', `description: ${'x'.repeat(1_025)}`]),
      { field: 'description', line: 3 },
      '1,024',
    ],
    [
      'another name than its folder',
      skillMd(['name: b', 'description: A.']),
      { reason: 'name_mismatch', line: 2 },
      'of the folder, "a"',
    ],
    ['other bytes than UTF-8', new Uint8Array([0x2d, 0xff, 0xfe]), { reason: 'encoding' }, 'UTF-8'],
  ]
  test.each(cases)('%s [SKL-1]', async (_title, content, meta, message) => {
    const folder = folderOf({ 'a/SKILL.md': content })
    const error = await failureOf(loadSkill(join(folder.path, 'a')))
    expect(error).toMatchObject({ code: 'skill/invalid', meta })
    expect(error.message).toContain(message)
    expect(error.message).toContain(join('a', 'SKILL.md'))
  })

  test('none at all [SKL-1]', async () => {
    const folder = folderOf({ 'a/readme.md': 'x', 'b/SKILL.md': goodSkill('b') })
    expect(await failureOf(loadSkills(folder.path))).toMatchObject({
      code: 'skill/invalid',
      meta: { reason: 'no_skill_file' },
    })
  })

  test('a small text that would unfold to a huge one', async () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (let level = 0; level < 12; level++) {
      const [from, to] = [String.fromCodePoint(97 + level), String.fromCodePoint(98 + level)]
      lines.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`)
    }
    const folder = folderOf({ 'a/SKILL.md': skillMd(lines) })
    expect(await failureOf(loadSkill(join(folder.path, 'a')))).toMatchObject({ code: 'skill/invalid' })
  })
})

describe('what is no plain file or folder is refused', () => {
  const good = { 'a/SKILL.md': goodSkill('a'), 'a/inner/x.md': 'x', 'outside/secret.md': 'secret' }

  test.each([
    ['a link to a file', 'a/link.md', '../outside/secret.md'],
    ['a link to a folder', 'a/linked', '../outside'],
    ['a link inside', 'a/inner/self.md', 'x.md'],
    ['a link to nothing', 'a/dangling', 'nowhere'],
    ['a link to itself', 'a/loop', 'loop'],
  ])('%s [SKL-4]', async (_title, at, to) => {
    const folder = folderOf(good)
    symlinkSync(to, join(folder.path, at))
    const error = await failureOf(loadSkill(join(folder.path, 'a')))
    expect(error).toMatchObject({ code: 'skill/path', meta: { reason: 'link' } })
    expect(error.message).toContain(basename(at))
  })

  test('a SKILL.md that is a link, and a skill that is one [SKL-4]', async () => {
    const folder = folderOf({ 'outside/SKILL.md': goodSkill('a'), 'b/x.md': 'x' })
    symlinkSync('../outside/SKILL.md', join(folder.path, 'b/SKILL.md'))
    expect(await failureOf(loadSkill(join(folder.path, 'b')))).toMatchObject({ meta: { reason: 'link' } })
    const skills = folderOf({ 'good/SKILL.md': goodSkill('good') })
    symlinkSync(join(folder.path, 'outside'), join(skills.path, 'linked'))
    expect(await failureOf(loadSkills(skills.path))).toMatchObject({ meta: { reason: 'link' } })
  })

  test.runIf(process.platform !== 'win32')('a pipe, which is not opened [SKL-4]', async () => {
    const folder = folderOf(good)
    execFileSync('mkfifo', [join(folder.path, 'a/pipe')])
    expect(await failureOf(loadSkill(join(folder.path, 'a')))).toMatchObject({
      code: 'skill/path',
      meta: { reason: 'special' },
    })
  })

  test.runIf(process.platform !== 'win32')('a socket [SKL-4]', async () => {
    const folder = folderOf(good)
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(folder.path, 'a/socket'), resolve))
    try {
      expect(await failureOf(loadSkill(join(folder.path, 'a')))).toMatchObject({
        meta: { reason: 'special' },
      })
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test('a folder that is not there, and one that is a file', async () => {
    const folder = folderOf(good)
    expect(await failureOf(loadSkill(join(folder.path, 'none')))).toMatchObject({
      meta: { reason: 'missing' },
    })
    expect(await failureOf(loadSkill(join(folder.path, 'a/SKILL.md')))).toMatchObject({
      meta: { reason: 'special' },
    })
  })

  test('what the system does not open', async () => {
    const error = await failureOf(loadSkill('x'.repeat(5_000)))
    expect(error).toMatchObject({ code: 'skill/path', meta: { reason: 'unreadable' } })
    expect(error.cause).toMatchObject({ code: 'ENAMETOOLONG' })
  })

  test.runIf(process.platform !== 'win32')('a name with a control character or a backslash', async () => {
    for (const name of ['a\nb', 'a\\b']) {
      const folder = folderOf({ ...good, [`a/${name}`]: 'x' })
      expect(await failureOf(loadSkill(join(folder.path, 'a')))).toMatchObject({ meta: { reason: 'name' } })
    }
  })

  test('a tree that is too deep', async () => {
    const folder = folderOf({ ...good, [`a/${'d/'.repeat(17)}x`]: 'x' })
    expect(await failureOf(loadSkill(join(folder.path, 'a')))).toMatchObject({ meta: { reason: 'depth' } })
  })
})

describe('limits', () => {
  const files = { 'a/SKILL.md': goodSkill('a'), 'a/one': 'x'.repeat(100), 'a/two': 'x'.repeat(100) }
  test.each([
    ['maxFiles', { maxFiles: 2 }, 'two'],
    ['maxFileBytes', { maxFileBytes: 99 }, 'one'],
    ['maxBytes', { maxBytes: 200 }, 'two'],
  ])('%s', async (limit, options, at) => {
    const folder = folderOf(files)
    const error = await failureOf(loadSkill(join(folder.path, 'a'), options))
    expect(error).toMatchObject({
      code: 'skill/limit',
      meta: { limit, value: Object.values(options)[0], path: expect.stringContaining(at) },
    })
    const enough = { maxFiles: 3, maxFileBytes: 100, maxBytes: 300 }
    expect((await loadSkill(join(folder.path, 'a'), enough)).files).toHaveLength(3)
  })

  test('are 256 files, 1 MiB and 8 MiB by default', async () => {
    const many = Object.fromEntries(Array.from({ length: 256 }, (_, index) => [`a/f${index}`, 'x']))
    const large = { 'a/large': new Uint8Array(1_048_577) }
    const heavy = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`a/m${index}`, new Uint8Array(1_048_576)]),
    )
    for (const [limit, more] of Object.entries({ maxFiles: many, maxFileBytes: large, maxBytes: heavy })) {
      const folder = folderOf({ 'a/SKILL.md': goodSkill('a'), ...more })
      expect(await failureOf(loadSkill(join(folder.path, 'a')))).toMatchObject({ meta: { limit } })
    }
  })

  test('that are no count are misuse', async () => {
    await expect(loadSkill('.', { maxFiles: 0 })).rejects.toThrow(TypeError)
  })
})

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { globSync } from 'node:fs'
import { root, runNode, toolScript } from '../scripts/process.ts'
import type { CodeBlock, Page } from './markdown.ts'

/** A block of TypeScript from a page, where it lies in the project of snippets. */
export interface Snippet {
  readonly page: string
  readonly block: CodeBlock
  /** Relative to the project's folder. */
  readonly file: string
  /** What each execution prints, as far as the page says so. */
  readonly outputs: readonly string[]
}

/** A folder like that of a user: the packages as dependencies, and one folder of files for each page. */
export interface SnippetProject {
  readonly folder: string
  readonly snippets: readonly Snippet[]
  /** Blocks that are taken out, without the reason that they have to give. */
  readonly unexplained: readonly string[]
  remove(): void
}

/** Writes the snippets of pages into a new project. */
export function createProject(pages: readonly Page[]): SnippetProject {
  const folder = mkdtempSync(join(tmpdir(), 'belay-docs-'))
  const snippets: Snippet[] = []
  const unexplained: string[] = []
  linkPackages(folder)
  for (const page of pages) {
    page.blocks.forEach((block, index) => {
      if (block.language !== 'ts') return
      if (block.flags.has('ignore')) {
        if ((block.flags.get('ignore') ?? '') === '') unexplained.push(`${page.path}:${block.line}`)
        return
      }
      const name = block.flags.get('file') ?? `line-${block.line}.ts`
      const file = join(page.path.replace(/\.md$/, ''), name)
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), block.code)
      snippets.push({ page: page.path, block, file, outputs: outputsAfter(page, index) })
    })
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  return { folder, snippets, unexplained, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const config = {
  extends: './base.json',
  compilerOptions: { noEmit: true, rewriteRelativeImportExtensions: false, composite: false },
  include: ['**/*.ts'],
}

/** The blocks `text output` that follow a program belong to it. */
function outputsAfter(page: Page, index: number): string[] {
  const outputs: string[] = []
  for (const block of page.blocks.slice(index + 1)) {
    if (block.language === 'ts') break
    if (block.language === 'text' && block.flags.has('output')) outputs.push(block.code)
  }
  return outputs
}

function linkPackages(folder: string): void {
  const modules = join(folder, 'node_modules')
  for (const scope of ['@belay', '@opentelemetry', '@types'])
    mkdirSync(join(modules, scope), { recursive: true })
  for (const path of globSync('packages/*', { cwd: root }))
    link(path, `@belay/${path.slice('packages/'.length)}`)
  link('packages/core/node_modules/zod', 'zod')
  // What an application brings that traces its runs.
  for (const name of ['api', 'context-async-hooks', 'sdk-metrics', 'sdk-trace'])
    link(`packages/core/node_modules/@opentelemetry/${name}`, `@opentelemetry/${name}`)
  link('node_modules/@types/node', '@types/node')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  cpSync(join(root, 'tooling/tsconfig/base.json'), join(folder, 'base.json'))

  function link(from: string, to: string): void {
    symlinkSync(join(root, from), join(modules, to), 'junction')
  }
}

/** What the compiler says, with pages and their lines in place of files. */
export async function typeFaults({ folder, snippets }: SnippetProject): Promise<string[]> {
  const args = [toolScript('typescript-7', 'tsc'), '-p', folder, '--pretty', 'false']
  const { code, output } = await runNode(args, { capture: true, cwd: folder })
  if (code === 0) return []
  const byFile = new Map(snippets.map((snippet) => [snippet.file.replaceAll('\\', '/'), snippet]))
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, file = '', row = '', rest = ''] = /^(.+?)\((\d+),\d+\): (.*)$/.exec(line) ?? []
      const snippet = byFile.get(file)
      return snippet === undefined ? line : `${snippet.page}:${snippet.block.line + Number(row) - 1}: ${rest}`
    })
}

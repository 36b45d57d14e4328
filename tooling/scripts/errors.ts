// Begins the page of each error code that has none, and writes the list of codes from the pages.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorIndex } from '../docs/error-index.ts'
import {
  errorFolder,
  errorIndexFile,
  errorPageFaults,
  errorPageFile,
  errorPageStub,
  readErrorPage,
} from '../docs/error-pages.ts'
import { readPages } from '../docs/markdown.ts'
import { root } from './process.ts'

const { allErrorCodes } = (await import(pathToFileURL(join(root, 'packages/core/dist/index.js')).href)) as {
  readonly allErrorCodes: readonly string[]
}

mkdirSync(join(root, errorFolder), { recursive: true })
for (const code of allErrorCodes) {
  const file = join(root, errorPageFile(code))
  if (existsSync(file)) continue
  writeFileSync(file, errorPageStub(code))
  console.log(`begun: ${errorPageFile(code)}`)
}

const pages = readPages(root, [`${errorFolder}/*.md`]).map(readErrorPage)
const index = join(root, errorIndexFile)
writeFileSync(index, errorIndex(readFileSync(index, 'utf8'), pages))

const byPath = new Map(pages.map((page) => [page.path, page]))
const faults = allErrorCodes.flatMap((code) => errorPageFaults(code, byPath.get(errorPageFile(code))))
for (const fault of faults) console.log(fault)
console.log(`${allErrorCodes.length} codes, ${pages.length} pages, ${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1

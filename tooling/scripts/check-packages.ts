import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultsOf, type PackedPackage } from './package-contents.ts'
import { root, runNode, toolScript } from './process.ts'

const tar = (args: readonly string[]) => execFileSync('tar', args, { encoding: 'utf8' })

function readTarball(tarball: string, folder: string): PackedPackage {
  const files = tar(['-tzf', tarball])
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('/'))
    .map((line) => line.replace(/^package\//, ''))
  const manifest = JSON.parse(tar(['-xzOf', tarball, 'package/package.json'])) as PackedPackage['manifest']
  return { manifest, files, sources: globSync('**/*.ts', { cwd: join(folder, 'src') }) }
}

function pack(folder: string, destination: string): string {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    packageManager: string
  }
  const tarball = join(destination, `${folder.replaceAll(/\W+/g, '-')}.tgz`)
  execFileSync('npx', ['-y', packageManager, 'pack', '--out', tarball], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  return tarball
}

async function check(name: string, args: readonly string[]): Promise<boolean> {
  const { code, output } = await runNode(args, { capture: true })
  if (code !== 0) console.log(`${name}:\n${output}`)
  return code === 0
}

/** Packs each package as it would be published and looks at what a user would get. */
export async function checkPackages(): Promise<number> {
  const knip = toolScript('knip', 'knip')
  const quiet = '--no-config-hints'
  const clean = [
    await check('knip', [knip, quiet]),
    await check('knip --production', [
      knip,
      quiet,
      '--production',
      '--strict',
      '--workspace',
      './packages/*',
    ]),
  ]
  const destination = mkdtempSync(join(tmpdir(), 'belay-pack-'))
  try {
    for (const path of globSync('packages/*', { cwd: root }).toSorted()) {
      const folder = join(root, path)
      const tarball = pack(folder, destination)
      const faults = faultsOf(readTarball(tarball, folder))
      for (const fault of faults) console.log(`${path}: ${fault}`)
      clean.push(
        faults.length === 0,
        await check(`publint ${path}`, [toolScript('publint', 'publint'), 'run', tarball, '--strict']),
        await check(`attw ${path}`, [
          toolScript('@arethetypeswrong/cli', 'attw'),
          tarball,
          '--profile',
          'esm-only',
        ]),
      )
      console.log(`${path}: packed and checked`)
    }
  } finally {
    rmSync(destination, { recursive: true, force: true })
  }
  return clean.every(Boolean) ? 0 : 1
}

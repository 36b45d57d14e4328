export interface PackedPackage {
  /** The manifest as it is in the tarball. */
  readonly manifest: {
    readonly license?: string
    readonly scripts?: Readonly<Record<string, string>>
    readonly dependencies?: Readonly<Record<string, string>>
    readonly peerDependencies?: Readonly<Record<string, string>>
    readonly optionalDependencies?: Readonly<Record<string, string>>
  }
  /** Paths inside the tarball, without its leading folder. */
  readonly files: readonly string[]
  /** Paths below the package's `src`. */
  readonly sources: readonly string[]
}

const installScripts = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
const allowed = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.+\.(js|d\.ts|js\.map))$/
const demanded = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']

/** What is wrong with a tarball, one line each. */
export function faultsOf({ manifest, files, sources }: PackedPackage): string[] {
  const faults: string[] = []
  for (const script of installScripts) {
    if (manifest.scripts?.[script] !== undefined) faults.push(`runs a script at installation: ${script}`)
  }
  const ranges = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
  for (const [name, range] of Object.entries(ranges)) {
    if (/^(workspace|catalog|link|file):/.test(range)) faults.push(`depends on ${name} by ${range}`)
  }
  if (manifest.license !== 'Apache-2.0') faults.push('licence is not Apache-2.0')
  for (const file of demanded) if (!files.includes(file)) faults.push(`lacks ${file}`)
  const known = new Set(sources.map((path) => path.replace(/\.ts$/, '')))
  for (const file of files) {
    if (!allowed.test(file)) faults.push(`holds ${file}`)
    const built = /^dist\/(.+?)(\.d\.ts|\.js|\.js\.map)$/.exec(file)?.[1]
    if (built === undefined) continue
    if (/\.(test|test-d)$/.test(built)) faults.push(`holds the test ${file}`)
    // A build does not remove what an earlier one wrote.
    else if (!known.has(built))
      faults.push(`holds ${file}, whose source is gone; remove dist and build again`)
  }
  return faults
}

// Who may import whom. Resolved paths are matched when packages are built, bare names when they are not.
import { adapters, contractKit, coreAllowOnly, coreLayers } from './policy.ts'

/** @param {string} name */
const entry = (name) => `^packages/core/src/${name}(/|\\.ts$)`
/** @param {readonly string[]} names */
const anyOf = (names) => `^packages/core/src/(${names.join('|')})(/|\\.ts$)`
const tests = '(\\.test\\.ts|\\.test-d\\.ts)$|^(packages|apps)/[^/]+/test/'
/** @param {string} folder */
const shipped = (folder) => `^packages/${folder}/src/`
const all = coreLayers.flat()

const layerRules = coreLayers.flatMap((row, index) =>
  row.map((name) => {
    const allowed = [name, ...(coreAllowOnly[name] ?? coreLayers.slice(0, index).flat())]
    return {
      name: 'core-layers',
      comment: `${name} may import ${allowed.join(', ')}`,
      severity: 'error',
      from: { path: entry(name), pathNot: tests },
      to: { path: '^packages/core/src/', pathNot: anyOf(allowed) },
    }
  }),
)

const adapterRules = adapters.flatMap((name) => {
  const others = adapters.filter((other) => other !== name)
  const otherPackages = `^(packages/(${others.join('|')})/|@belay/(${others.join('|')})(/|$))`
  return [
    {
      name: 'adapter-imports-adapter',
      severity: 'error',
      from: { path: shipped(name), pathNot: tests },
      to: { path: otherPackages },
    },
    {
      name: 'adapter-imports-adapter',
      comment: 'tests may use the contract kit',
      severity: 'error',
      from: { path: `^packages/${name}/` },
      to: { path: otherPackages, pathNot: `^(packages/|@belay/)${contractKit}(/|$)` },
    },
  ]
})

export default {
  forbidden: [
    ...layerRules,
    ...adapterRules,
    {
      name: 'core-layers-unknown',
      comment: 'the folder is missing in the table of tooling/lint/policy.ts',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: `${anyOf(all)}|${tests}` },
      to: {},
    },
    {
      name: 'core-imports-adapter',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: { path: `^(packages/(${adapters.join('|')})/|@belay/(${adapters.join('|')})(/|$))` },
    },
    {
      name: 'adapter-imports-core-inside',
      comment: 'adapters import @belay/core/ports alone; their tests may import @belay/core',
      severity: 'error',
      from: { path: `^packages/(${adapters.join('|')})/src/`, pathNot: tests },
      to: {
        path: '^(packages/core/|@belay/core(/|$))',
        pathNot: '^(packages/core/dist/ports/index\\.(js|d\\.ts)$|@belay/core/ports$)',
      },
    },
    {
      name: 'other-package-source',
      comment: 'packages meet through their exports, never through relative paths',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { path: '^(packages|apps|tooling)/[^/]+/(src|test)/', pathNot: '^$1/$2/' },
    },
    {
      name: 'package-imports-app',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(apps|tooling)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^(packages|apps)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'unresolvable',
      severity: 'error',
      from: { path: '^(packages|apps)/' },
      to: { couldNotResolve: true, pathNot: '^@belay/' },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    exclude: { path: '^(packages|apps)/[^/]+/dist/.*\\.map$' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
}

/* The entry point. It imports nothing statically, so that an old Node gets a sentence and not a crash of the database driver. */
const version = process.versions.node.split('.').map(Number)
const major = version[0] || 0
const minor = version[1] || 0

if (major < 22 || (major === 22 && minor < 18)) {
  console.error('This program needs Node.js 22.18 or later and runs on ' + process.versions.node + '.')
  process.exitCode = 1
} else {
  import('./cli/run-repair.ts')
    .then(function (module) {
      return module.runRepair()
    })
    .then(function (code) {
      // Not by exitCode: what a library leaves open must not keep a finished program.
      process.exit(code)
    })
    .catch(function (error) {
      console.error(error.message)
      process.exit(1)
    })
}
export {}

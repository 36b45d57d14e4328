/** The seed of this run: given by the environment to repeat a run, else new. */
export function runSeed(): number {
  return Number(process.env['BELAY_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
}

/** CPU microseconds of the whole process that a piece of work took. */
export async function cpuOf(work: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** Wall-clock milliseconds that a piece of work took. */
export async function wallOf(work: () => Promise<void> | void): Promise<number> {
  const before = performance.now()
  await work()
  return performance.now() - before
}

/** The middle value: one disturbed round does not move it. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** One subject of a comparison. */
export interface Subject {
  readonly name: string
  /** Does its work once and gives the cost per unit. */
  readonly round: () => Promise<number>
}

/**
 * Runs the subjects in turn, round by round, so that a slow moment of the machine hits all of them; gives the medians.
 *
 * @param warmUp rounds before the first that counts, in which code is loaded and compiled
 */
export async function alternate(
  subjects: readonly Subject[],
  rounds: number,
  warmUp = 1,
): Promise<Map<string, number>> {
  const costs = new Map<string, number[]>(subjects.map(({ name }) => [name, []]))
  for (let round = 0; round < warmUp; round++) for (const subject of subjects) await subject.round()
  for (let round = 0; round < rounds; round++) {
    for (const { name, round: run } of subjects) costs.get(name)?.push(await run())
  }
  return new Map([...costs].map(([name, values]) => [name, median(values)]))
}

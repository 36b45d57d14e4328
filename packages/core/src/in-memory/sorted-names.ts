/**
 * Names in ascending order of their UTF-16 code units. Ids that sort by time arrive at the end, so an
 * insertion is nearly always a push, and a query with a limit never sorts.
 */
export type SortedNames = string[]

/** Index of the first name that does not sort before `name`. */
export function firstIndexFrom(names: readonly string[], name: string): number {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((names[middle] as string) < name) low = middle + 1
    else high = middle
  }
  return low
}

/** Index of the first name that sorts after `name`. */
export function firstIndexAfter(names: readonly string[], name: string): number {
  const index = firstIndexFrom(names, name)
  return names[index] === name ? index + 1 : index
}

/** Adds a name that is not there yet. */
export function insertName(names: SortedNames, name: string): void {
  const last = names.at(-1)
  if (last === undefined || last < name) names.push(name)
  else names.splice(firstIndexFrom(names, name), 0, name)
}

/** Removes a name if it is there. */
export function removeName(names: SortedNames, name: string): void {
  const index = firstIndexFrom(names, name)
  if (names[index] === name) names.splice(index, 1)
}

/** All names of disjoint lists that sort after `after`, in order. */
export function* mergeNames(lists: readonly (readonly string[])[], after: string | undefined): Generator<string> {
  const cursors = lists.map((names) => ({ names, next: after === undefined ? 0 : firstIndexAfter(names, after) }))
  for (;;) {
    let least: (typeof cursors)[number] | undefined
    for (const cursor of cursors) {
      const name = cursor.names[cursor.next]
      if (name === undefined) continue
      if (least === undefined || name < (least.names[least.next] as string)) least = cursor
    }
    if (least === undefined) return
    yield least.names[least.next] as string
    least.next += 1
  }
}

import { inMemoryFiles } from '@belay/core'
import type { FilesPlaceFactory } from '../src/contract/files-place.ts'

/** Files in memory, with a clock that stands still until a case moves it. */
export const inMemoryFilePlaces: FilesPlaceFactory = async (wishes) => {
  let now = 1_700_000_000_000
  return {
    open: async () => inMemoryFiles({ ...wishes, clock: () => now }),
    advance: (ms) => {
      now += ms
    },
    close: async () => {},
  }
}

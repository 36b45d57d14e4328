import type { MemoryScope, Store } from '@belay/core/ports'

/** Where a store keeps its data: a file, a database, a process's memory. Fresh and empty when it is made. */
export interface StorePlace {
  /**
   * Opens a store over this place. Called again after the first store was closed when that one declares
   * `store.persistent`, and while it is open when it declares `store.multi-process`.
   */
  open(): Promise<Store>
  /** Opens a store over this place in another process; where absent, `open` serves. */
  openElsewhere?(): Promise<Store>
  /** Moves the store's clock. Where absent the clock is taken to be real, and cases wait for short times. */
  advance?(ms: number): void | Promise<void>
  /** Damages what is stored, below the store, so that cases can see that reading notices. */
  readonly damage?: StoreDamage
  /** Removes the place. Every store over it was closed before. */
  close(): Promise<void>
}

/** Changes stored bytes without telling the store. */
export interface StoreDamage {
  entry?(stream: string, position: number): Promise<void>
  blob?(ref: string): Promise<void>
  memory?(scope: MemoryScope, key: string): Promise<void>
}

/** Makes fresh places; each case gets one of its own. */
export type StorePlaceFactory = () => Promise<StorePlace>

/** Resolves in the next turn of the event loop: after the I/O and the immediates that are ready now. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

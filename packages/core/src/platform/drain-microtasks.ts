/** Resolves when every promise reaction that is due has run. @internal */
export function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

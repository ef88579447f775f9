/**
 * Works on items side by side and gives the results in the items' order. At most `limit` items are being worked on or wait to be taken, so that memory is bounded by it; they go on
 * while the consumer is busy. However it ends, it ends only when nothing is being worked on any more.
 */
export async function* mapInOrder<T, R>(items: AsyncIterable<T>, limit: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // Whoever waits for it sees the failure; this only keeps it from counting as unhandled until its turn comes.
      result.catch(() => undefined);
      running.push(result);
      if (running.length >= limit) yield* running.splice(0, 1);
    }
    yield* running;
  } finally {
    await Promise.allSettled(running);
  }
}

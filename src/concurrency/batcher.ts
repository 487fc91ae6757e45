interface Waiting<T, R> {
  item: T;
  resolve(result: R | PromiseLike<R>): void;
  reject(reason: unknown): void;
}

/**
 * A stage of the pipeline: pieces of work wait in line, and whenever the stage has a lane free, the next ones go together.
 * Which pieces share a batch depends on timing; their results must not.
 */
export class Batcher<T, R> {
  private readonly waiting: Waiting<T, R>[] = [];
  private underWay = 0;

  /**
   * @param size pieces that go together at most
   * @param lanes batches under way at a time
   * @param run does the work; gives one result, or the promise of one, for each piece. The lane is free when it returns
   */
  constructor(
    private readonly size: number,
    private readonly lanes: number,
    private readonly run: (items: T[]) => Promise<(R | PromiseLike<R>)[]>,
  ) {}

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      queueMicrotask(() => this.start()); // those added in one breath go together
    });
  }

  private start(): void {
    while (this.underWay < this.lanes && this.waiting.length > 0) void this.work(this.waiting.splice(0, this.size));
  }

  private async work(batch: Waiting<T, R>[]): Promise<void> {
    this.underWay++;
    try {
      const results = await this.run(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, i) => resolve(results[i]));
    } catch (thrown) {
      for (const { reject } of batch) reject(thrown);
    } finally {
      this.underWay--;
      this.start();
    }
  }
}

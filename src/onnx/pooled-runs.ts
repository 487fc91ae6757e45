import type { Outputs } from './outputs.js';
import type { OnnxSession, TensorData } from './runtime.js';

/**
 * Runs a graph whose outputs' shapes follow from its inputs', again and again into the same memory: megabytes that are made and
 * dropped with every run would keep the garbage collector busy.
 */
export class PooledRuns {
  /** Shapes of the outputs, by those of the inputs; known after a first run. */
  private readonly shapes = new Map<string, Record<string, readonly number[]>>();

  constructor(
    private readonly session: OnnxSession,
    private readonly outputs: readonly string[],
  ) {}

  /**
   * @param feeds handed over, as in `OnnxSession.run`
   * @param use takes the outputs, which are overwritten once its promise has settled
   */
  async run<T>(feeds: Record<string, TensorData>, use: (outputs: Outputs) => T | Promise<T>): Promise<T> {
    const { buffers } = this.session;
    const inputs = Object.values(feeds)
      .map(({ dims }) => dims.join('×'))
      .join(' ');
    const shapes = this.shapes.get(inputs);
    const into = shapes && mapValues(shapes, (dims) => ({ dims, data: buffers.take(product(dims)) }));
    const outputs = await this.session.run(feeds, [...this.outputs], into);
    if (!shapes)
      this.shapes.set(
        inputs,
        mapValues(outputs, ({ dims }) => dims),
      );
    try {
      return await use(outputs);
    } finally {
      for (const { data } of Object.values(outputs)) buffers.give(data);
    }
  }
}

function product(dims: readonly number[]): number {
  return dims.reduce((total, size) => total * size, 1);
}

export function mapValues<T, R>(record: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

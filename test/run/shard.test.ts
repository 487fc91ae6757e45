import { dealVideos, parseShard } from '../../src/run/shard.js';

const slurm = (id: number, first: number, last: number, count: number): Record<string, string> => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(first),
  SLURM_ARRAY_TASK_MAX: String(last),
  SLURM_ARRAY_TASK_COUNT: String(count),
});

describe('which shard this is', () => {
  test('as it is named', () => {
    expect(parseShard('1/1', {})).toEqual({ index: 1, count: 1 });
    expect(parseShard('12/40', {})).toEqual({ index: 12, count: 40 });
  });

  test.each(['0/4', '5/4', '1/0', '1', '/4', '1/4/2', '-1/4', '1.5/4', 'x/4', ' 1/4', '1/99999999999999999999'])(
    '"%s" is refused',
    (text) => expect(() => parseShard(text, {})).toThrow(/--shard .* is no part of a whole\. Give i\/n/),
  );

  test.each([
    ['Slurm, an array from 0', slurm(0, 0, 9, 10), 1, 10],
    ['Slurm, an array from 0, its last', slurm(9, 0, 9, 10), 10, 10],
    ['Slurm, an array from 1', slurm(3, 1, 10, 10), 3, 10],
    ['Kubernetes', { JOB_COMPLETION_INDEX: '0', GLPOSE_SHARDS: '8' }, 1, 8],
    ['GNU parallel', { PARALLEL_SEQ: '8', GLPOSE_SHARDS: '8' }, 8, 8],
  ])('auto: %s', (_, env, index, count) => expect(parseShard('auto', env)).toEqual({ index, count }));

  test.each([
    ['no scheduler', {}, /none of SLURM_ARRAY_TASK_ID/],
    ['two of them', { ...slurm(1, 1, 2, 2), PARALLEL_SEQ: '1' }, /both SLURM_ARRAY_TASK_ID and PARALLEL_SEQ/],
    ['some tasks of an array once more', slurm(7, 3, 7, 2), /2 tasks between 3 and 7/],
    ['one task of an array once more', slurm(3, 3, 3, 1), /not known.*--array=1-n/],
    ['an array with steps', slurm(4, 0, 8, 3), /not known/],
    ['no count', { JOB_COMPLETION_INDEX: '0' }, /Set GLPOSE_SHARDS/],
    ['a count that is no number', { JOB_COMPLETION_INDEX: '0', GLPOSE_SHARDS: 'all' }, /GLPOSE_SHARDS is "all"/],
    ['an index past the count', { JOB_COMPLETION_INDEX: '8', GLPOSE_SHARDS: '8' }, /is 8, and there are 8 shards/],
  ])('auto: %s is refused', (_, env, message) => expect(() => parseShard('auto', env)).toThrow(message));
});

describe('dealing', () => {
  const videos = (lengths: number[]): { name: string; length: number }[] =>
    lengths.map((length, i) => ({ name: `clip${String(i).padStart(4, '0')}`, length }));

  test('the longest first, each to who has the least', () => {
    const loads = [0, 0, 0];
    expect(dealVideos(videos([1, 7, 2, 6, 5, 3]), loads)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(loads).toEqual([8, 8, 8]);
  });

  test('the order in which videos are found does not matter', () => {
    const some = videos([5, 5, 5, 9, 1, 1, 2]);
    const order = [3, 6, 0, 5, 2, 1, 4];
    const straight = dealVideos(some, [0, 0, 0]);
    const shuffled = dealVideos(order.map((i) => some[i]), [0, 0, 0]); // prettier-ignore
    expect(shuffled).toEqual(order.map((i) => straight[i]));
  });

  test('a thousand videos of uneven length end within one percent of even', () => {
    let state = 1;
    const random = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
    const lengths = Array.from({ length: 1000 }, () => Math.ceil(30 * Math.exp(4 * random()))); // 1 s to 1 min at 30 fps
    const loads = new Array<number>(16).fill(0);
    dealVideos(videos(lengths), loads);
    const even = lengths.reduce((a, b) => a + b) / 16;
    expect(Math.max(...loads)).toBeLessThan(1.01 * even);
  });

  test('what comes later goes where least has been dealt', () => {
    expect(dealVideos(videos([4, 1]), [10, 3, 8])).toEqual([2, 2]);
  });

  test('more shards than videos leave some without', () => {
    expect(dealVideos(videos([3, 3]), [0, 0, 0, 0])).toEqual([1, 2]);
  });
});

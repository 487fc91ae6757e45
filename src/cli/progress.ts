import { SingleBar } from 'cli-progress';
import { oneLine } from './escape-control-characters.js';

/** Progress of one video, on stderr; nothing at all where stderr is not a terminal. */
export interface Progress {
  /** A video begins. `total` frames over all passes, null where unknown. */
  begin(name: string, total: number | null): void;
  /** One frame of one pass is done, with `people` poses estimated in it. */
  frame(pass: string, people: number): void;
  end(): void;
}

/** @param shown false makes a silent one */
export function makeProgress(stream: NodeJS.WriteStream, shown: boolean): Progress {
  if (!shown) return { begin() {}, frame() {}, end() {} };
  let bar: SingleBar | null = null;
  let people = 0;
  let frames = 0;
  let started = 0;
  return {
    begin(name, total) {
      people = frames = 0;
      started = performance.now();
      bar = new SingleBar({
        stream,
        format:
          '{name} {bar} {percentage}% | {pass} | {value}/{total} frames | {people} poses | {fps} fps | {eta_formatted} left',
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        etaBuffer: 60,
        forceRedraw: true,
      });
      bar.start(total ?? 0, 0, { name: oneLine(name), pass: 'starting', people: 0, fps: '–' });
    },
    frame(pass, found) {
      people += found;
      frames++;
      if (!bar) return;
      if (frames > bar.getTotal()) bar.setTotal(frames); // the count in a file's header is an estimate
      const fps = (frames / ((performance.now() - started) / 1000)).toFixed(1);
      bar.update(frames, { pass, people, fps });
    },
    end() {
      bar?.stop();
      bar = null;
    },
  };
}

import type { VideoPoses } from '../types.js';

/**
 * One video's tracks as MOTChallenge results: `frame,id,x,y,width,height,score,-1,-1,-1`, by frame; frames, ids and pixels
 * count from 1 there.
 * @yields lines
 */
export function* writeMot({ frames }: VideoPoses): Generator<string, void, undefined> {
  for (const { index, people } of frames) {
    for (const { trackId, box, boxScore } of people) {
      const place = [box.x + 1, box.y + 1, box.width, box.height].map((value) => Number(value.toFixed(3)));
      yield `${[index + 1, trackId + 1, ...place, Number(boxScore.toFixed(5)), -1, -1, -1].join(',')}\n`;
    }
  }
}

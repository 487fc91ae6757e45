import { assignWorth } from '../geometry/assignment.js';
import { iou } from '../geometry/boxes.js';
import { windowOf } from '../geometry/window.js';
import type { Detection } from '../types.js';
import { knownOf, scalesOf } from '../detection/scales.js';
import type { ReadableFrame } from './neighbourhood.js';
import { inCompany } from './one-joint-one-person.js';
import type { GivenDetection, PeopleSource } from './survey.js';

/** IoU from which a detection may show whom a given box shows. Of 0.3 and 0.5, the better one on composites (validation). */
const SAME = 0.3;

/**
 * People whom somebody else names, who says nothing of whose joints are whose. Where they are in sight of one another the model's own detector
 * says that: its coarse poses of those whom it sees in the given boxes.
 * @param given gives people with boxes, and perhaps coarse poses
 * @param detector finds everyone at some scales
 * @param aspect width / height of windows
 */
export function givenPeople(
  given: PeopleSource['everyone'],
  detector: PeopleSource | null,
  aspect: number,
): PeopleSource {
  if (!detector) return { everyone: given };
  return {
    everyone: async (frame, scales) => withCoarsePoses(frame, await given(frame, scales), detector, aspect),
    end: (frame) => detector.end?.(frame) ?? Promise.resolve(),
  };
}

async function withCoarsePoses(
  frame: ReadableFrame,
  given: readonly GivenDetection[],
  detector: PeopleSource,
  aspect: number,
): Promise<readonly GivenDetection[]> {
  const company = inCompany(given.map(({ box }) => ({ window: windowOf(box, aspect) })));
  if (!given.some(({ coarsePose }, i) => company[i] && !coarsePose)) return given;
  const known = knownOf(given.map(({ box }) => box));
  const seen = await detector.everyone(frame, scalesOf(known, frame));
  const worth = given.map(({ box }) => seen.map((one) => (one.coarsePose ? iou(box, one.box) - SAME : -1)));
  const whose = assignWorth(worth);
  return given.map((person, i) => ({ ...coarseOf(seen[whose[i]]), ...person }));
}

function coarseOf(seen: Detection | undefined): Pick<Detection, 'coarsePose'> {
  return seen?.coarsePose ? { coarsePose: seen.coarsePose } : {};
}

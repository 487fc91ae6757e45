/* How far the picture shifts from frame to frame because the camera moves, by plain block matching: whatever is pasted onto the scene has to go with it. */
const BLOCK = 16;
/** Pixels a frame, to each side. */
const REACH = 12;
/** Levels of grey by which a block varies that can be told from its neighbours. */
const MARKED = 8;
/** Fewer blocks say nothing. */
const FEWEST = 8;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The green of an image: { width, height, data }. */
function greenOf({ width, height, data }) {
  return { width, height, data: Float32Array.from({ length: width * height }, (_, i) => data[3 * i + 1]) };
}

/** Places of a block in the data of an image. */
function* placesOf({ width }, left, top) {
  for (let y = top; y < top + BLOCK; y++) for (let x = left; x < left + BLOCK; x++) yield y * width + x;
}

function variation({ data }, places) {
  const mean = places.reduce((sum, at) => sum + data[at], 0) / places.length;
  return Math.sqrt(places.reduce((sum, at) => sum + (data[at] - mean) ** 2, 0) / places.length);
}

/** Where a block of one image is found in the next, of the same size: { x, y }. */
function found(before, after, places) {
  let [least, best] = [Infinity, { x: 0, y: 0 }];
  for (let y = -REACH; y <= REACH; y++) {
    for (let x = -REACH; x <= REACH; x++) {
      const step = y * after.width + x;
      let total = 0;
      for (let i = 0; i < places.length && total < least; i++)
        total += Math.abs(before.data[places[i]] - after.data[places[i] + step]);
      if (total < least) [least, best] = [total, { x, y }];
    }
  }
  return best;
}

function shift(before, after, { x, y, width, height }) {
  const blocks = [];
  for (let top = REACH; top + BLOCK + REACH <= before.height; top += BLOCK) {
    for (let left = REACH; left + BLOCK + REACH <= before.width; left += BLOCK) {
      if (left + BLOCK > x && left < x + width && top + BLOCK > y && top < y + height) continue;
      const places = [...placesOf(before, left, top)];
      if (variation(before, places) >= MARKED) blocks.push(found(before, after, places));
    }
  }
  if (blocks.length < FEWEST) return { x: 0, y: 0 };
  return { x: median(blocks.map((block) => block.x)), y: median(blocks.map((block) => block.y)) };
}

/**
 * How far what stands is from where it is on average, in every image, in pixels: [{ x, y }].
 * @param boxes of somebody in each, whose blocks do not count
 */
export function shiftsOf(images, boxes) {
  const greens = images.map(greenOf);
  const path = [{ x: 0, y: 0 }];
  for (let i = 1; i < greens.length; i++) {
    const { x, y } = shift(greens[i - 1], greens[i], boxes[Math.min(i, boxes.length) - 1]);
    path.push({ x: path[i - 1].x + x, y: path[i - 1].y + y });
  }
  const mean = (key) => path.reduce((sum, place) => sum + place[key], 0) / path.length;
  const [x, y] = [mean('x'), mean('y')];
  return path.map((place) => ({ x: place.x - x, y: place.y - y }));
}

export interface Point {
  x: number;
  y: number;
}

export interface SkeletonStyle {
  colour: string;
  /** Half the width of a limb, in the context's units. */
  radius: number;
  /** Drawn larger, with a ring. */
  emphasised?: number;
}

/** What a skeleton is made of: names, lines as pairs of places, and the places that were derived from others. */
export interface SkeletonPlan {
  joints: readonly string[];
  limbs: readonly (readonly [number, number])[];
  estimated: ReadonlySet<number>;
}

/**
 * Draws a pose: the left side of the body lighter, the right darker; derived joints hollow, their limbs fainter.
 * @param places one for each joint; null where it is not to be drawn
 */
export function drawSkeleton(
  context: CanvasRenderingContext2D,
  plan: SkeletonPlan,
  places: readonly (Point | null)[],
  { colour, radius, emphasised }: SkeletonStyle,
): void {
  context.save();
  context.lineCap = 'round';
  for (const [from, to] of plan.limbs) {
    const [a, b] = [places[from], places[to]];
    if (!a || !b) continue;
    const faint = plan.estimated.has(from) || plan.estimated.has(to);
    context.globalAlpha = faint ? 0.55 : 0.95;
    context.beginPath();
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
    context.strokeStyle = 'rgb(0 0 0 / 0.55)'; // a dark edge: seen on light and dark pictures
    context.lineWidth = radius * (faint ? 2 : 3);
    context.stroke();
    context.strokeStyle = shade(colour, `${plan.joints[from]} ${plan.joints[to]}`);
    context.lineWidth = radius * (faint ? 1.2 : 2);
    context.stroke();
  }
  context.globalAlpha = 1;
  places.forEach((place, k) => {
    if (!place) return;
    context.beginPath();
    context.arc(place.x, place.y, radius * 1.7, 0, 2 * Math.PI);
    context.lineWidth = radius * 0.7;
    if (plan.estimated.has(k)) {
      context.strokeStyle = colour;
    } else {
      context.fillStyle = shade(colour, plan.joints[k]);
      context.fill();
      context.strokeStyle = 'rgb(0 0 0 / 0.6)';
    }
    context.stroke();
    if (k !== emphasised) return;
    context.beginPath();
    context.arc(place.x, place.y, radius * 4, 0, 2 * Math.PI);
    context.strokeStyle = '#fff';
    context.lineWidth = radius;
    context.stroke();
  });
  context.restore();
}

function shade(colour: string, names: string): string {
  const left = names.includes('left_');
  const right = names.includes('right_');
  if (left === right) return colour;
  return `color-mix(in srgb, ${colour}, ${left ? 'white 45%' : 'black 35%'})`;
}

/*
 * Scores in a script: predictions against annotations, and who is worst.
 *
 *   node examples/evaluate.mjs out/posetrack18 posetrack18/annotations/val
 */
import { evaluateFiles, GlposeError } from 'glpose';

const [predictions, annotations] = process.argv.slice(2);
if (annotations === undefined) {
  console.error('usage: node examples/evaluate.mjs <predictions> <annotations>');
  process.exit(2);
}

try {
  const { summary, posetrack, counts, warnings } = evaluateFiles(predictions, annotations, { allowMissing: true });
  console.log(`${counts.frames} frames, ${counts.annotatedPeople} people, ${counts.predictedPeople} predictions`);
  for (const [group, ap] of Object.entries(summary.groups)) console.log(`AP ${group}: ${ap.toFixed(1)}`);
  const worst = posetrack.sequences.toSorted((a, b) => a.ap.groups.mean - b.ap.groups.mean)[0];
  console.log(`worst sequence: ${worst.name} (${worst.ap.groups.mean.toFixed(1)})`);
  for (const { text, count } of warnings) console.log(`note: ${count} ${text}`);
} catch (error) {
  if (!(error instanceof GlposeError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.exitCode;
}

/*
 * The floors of src/, from the top: a room imports only from rooms on floors below its own, and no files import one
 * another in a circle. What each room holds stands in ARCHITECTURE.md. `npm run lint` checks it.
 */
const floors = [
  ['cli'],
  ['index', 'library', 'view', 'bench'],
  ['run', 'models', 'features'],
  ['estimation'],
  ['detection', 'evaluation', 'analysis'],
  ['tracking', 'bundle', 'onnx', 'formats', 'drawing'],
  ['media', 'native', 'storage', 'geometry', 'postprocessing'],
  ['concurrency', 'types', 'joints', 'errors', 'version', 'check-argument', 'values'],
];

/** The files of these rooms: a room is a folder, or one file beside the folders. */
const filesOf = (rooms) => `^src/(${rooms.join('|')})[/.]`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circle',
      severity: 'error',
      comment: 'Two files that need each other are one, or both need a third.',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'has-a-floor',
      severity: 'error',
      comment: 'Every room stands on a floor above.',
      from: { path: '^src/', pathNot: filesOf(floors.flat()) },
      to: {},
    },
    ...floors.slice(1).map((rooms, below) => ({
      name: `not-up-from-${rooms[0]}`,
      severity: 'error',
      comment: `${rooms.join(', ')} import nothing from ${floors
        .slice(0, below + 1)
        .flat()
        .join(', ')}.`,
      from: { path: filesOf(rooms) },
      to: { path: filesOf(floors.slice(0, below + 1).flat()) },
    })),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};

import { fileURLToPath } from 'node:url';

/** Bucketry as whoever runs it runs it: by this Node, from this package. Two folders below its root lie the sources, what was built of them, and the bundle. */
export const ownProgram: readonly [node: string, script: string] = [
  process.execPath,
  fileURLToPath(new URL('../../bin/bucketry.js', import.meta.url)),
];

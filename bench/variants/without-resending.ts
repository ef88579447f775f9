import type { createLateParts as Original } from '../../src/parallel/late-parts.ts';

/** Late parts are waited for. */
export const createLateParts: typeof Original = () => ({ add: () => {}, watch: async () => {} });

import type { LinkShape } from './open-link.ts';

/** The link that the project's figures are measured on. */
export const standardShape: LinkShape = { rttMs: 30, mibPerConnection: 25, mibTotal: 640 };

/** The same, with a bad connection now and then. */
export const slowConnectionShape: LinkShape = { ...standardShape, slow: { oneIn: 8, factor: 5 } };

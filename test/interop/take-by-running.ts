import type { ImageName } from './images.ts';
import { IMAGE_NAMES } from './images.ts';
import type { Take } from './image-ways.ts';
import { expectPart, Refusal } from './refusal.ts';

/** The images that a program can be run from. */
export const RUNNABLE: readonly ImageName[] = IMAGE_NAMES.filter((name) => name !== 'artifact');

/** What a container engine is asked. Each rejects with a `Refusal` where it could not. */
export interface Engine {
  pull(reference: string): Promise<unknown>;
  /** A text that has the digest in it which the engine recorded for what it pulled. */
  recordedDigests(reference: string): Promise<string>;
  /** @returns what the image's program printed */
  run(reference: string): Promise<string>;
}

/** What a container engine does with an image: pulls it, knows it by its digest, and runs its program. */
export function takeByRunning(engine: Engine): Take {
  return async (reference, { root, output }) => {
    await engine.pull(reference);
    expectPart(await engine.recordedDigests(reference), root.digest);
    const printed = await engine.run(reference);
    if (printed !== output) throw new Refusal(`its program printed ${JSON.stringify(printed)}, wanted ${JSON.stringify(output)}`);
  };
}

import type { Descriptor } from '../../src/oci/descriptor.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import type { ImageSource } from '../../src/transfer/image-source.ts';
import type { ImageTarget } from '../../src/transfer/image-target.ts';
import type { Graph } from './build-image.ts';
import { createMemorySource } from './memory-source.ts';
import { createMemoryTarget } from './memory-target.ts';

/** Writes an image of a graph to a target, and closes it. */
export async function copyTo(target: ImageTarget, graph: Graph, root: Descriptor): Promise<void> {
  try {
    await copyImage(createMemorySource(graph, root), target);
  } finally {
    await target.close();
  }
}

/** Reads all that a source names into memory, verified, and closes it. */
export async function copyBack(opening: Promise<ImageSource>): Promise<{ readonly root: Descriptor; readonly graph: Graph }> {
  const source = await opening;
  try {
    const target = createMemoryTarget();
    const { root } = await copyImage(source, target);
    return { root, graph: target.graph };
  } finally {
    await source.close();
  }
}

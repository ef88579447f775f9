import { expect } from 'vitest';
import type { ErrorCode } from '../../src/errors/codes.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { copyImage, type CopyOptions, type CopyResult } from '../../src/transfer/copy-image.ts';
import { rejection } from '../coded-errors.ts';
import type { Graph } from './build-image.ts';
import { createMemorySource } from './memory-source.ts';
import { createMemoryTarget, type MemoryTarget } from './memory-target.ts';

/** Copies from a graph to a target in memory. */
export function copyGraph(graph: Graph, root: Descriptor, target: MemoryTarget, options?: CopyOptions): Promise<CopyResult> {
  return copyImage(createMemorySource(graph, root), target, options);
}

/** Copies what must fail, and checks that the target shows nothing. */
export async function refuseCopy(
  graph: Graph,
  root: Descriptor,
  options?: CopyOptions,
): Promise<{ code: ErrorCode; side: string | undefined; target: MemoryTarget }> {
  const target = createMemoryTarget();
  const { code, side } = await rejection(copyGraph(graph, root, target, options));
  expect(target.committed).toEqual([]);
  return { code, side, target };
}

/** Copies what must fail before anything is written. */
export async function refuseUntouched(
  graph: Graph,
  root: Descriptor,
  options?: CopyOptions,
): Promise<{ code: ErrorCode; side: string | undefined }> {
  const { target, ...error } = await refuseCopy(graph, root, options);
  expect(target.log.filter((line) => line !== 'abandon')).toEqual([]);
  return error;
}

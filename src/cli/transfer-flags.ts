import { RegistryError } from '../errors/registry-error.ts';
import { createDigestThread } from '../parallel/digest-thread.node.ts';
import { createTransferEngine, type TransferEngine } from '../parallel/transfer-engine.ts';
import { systemClock } from '../streams/clock.ts';
import type { FlagValues, TextFlag } from './flags.ts';
import { parseBytes } from './parse-bytes.ts';

/** Of commands that move much. */
export const transferFlags: TransferFlags = {
  'max-connections': {
    kind: 'text',
    value: 'N',
    group: 'Transfer',
    doc: 'Bodies on their way at once, at most. If left out, as many as the link and the store can use, up to 64; fewer in any case while the store asks to slow down.',
  },
  memory: { kind: 'text', value: 'BYTES', group: 'Transfer', doc: 'Memory for parts on their way, such as 64MiB; 128MiB if left out.' },
  'limit-rate': {
    kind: 'text',
    value: 'BYTES',
    group: 'Transfer',
    doc: 'Bytes a second that all layers together may take of the link, such as 10MiB.',
  },
};

export type TransferFlags = Readonly<Record<'max-connections' | 'memory' | 'limit-rate', TextFlag>>;

/** Of commands that write blobs into a bucket. */
export const partSizeFlag: TextFlag = {
  kind: 'text',
  value: 'BYTES',
  group: 'Transfer',
  doc: 'Size of the parts of large layers, 5MiB at least. If left out, what the bucket format publishes, which lets any other machine continue an upload that broke off.',
};

const mebibyte = 2 ** 20;

/**
 * The engine that the flags ask for.
 * @throws RegistryError `usage-invalid`
 */
export function createFlaggedEngine(flags: FlagValues<TransferFlags>): TransferEngine {
  const { memory, 'limit-rate': rate, 'max-connections': most } = flags;
  return createTransferEngine({
    clock: systemClock,
    digestFile: createDigestThread(),
    maxConnections: most === undefined ? undefined : parseConnections(most),
    memoryBytes: memory === undefined ? undefined : parseBytes('memory', memory, { least: 16 * mebibyte }),
    maxBytesPerSecond: rate === undefined ? undefined : parseBytes('limit-rate', rate, { least: 1024 }),
  });
}

/** @throws RegistryError `usage-invalid` */
export function parsePartSize(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseBytes('part-size', text, { least: 5 * mebibyte, most: 5 * 1024 * mebibyte });
}

function parseConnections(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= 256) return Number(text);
  throw new RegistryError('usage-invalid', `Cannot take --max-connections "${text}": wanted 1 to 256`);
}

import { parsePlatform, type Platform } from '../oci/platform.ts';
import type { IntegerFlag, ListFlag, SwitchFlag, TextFlag } from './flags.ts';

/** Of every command that takes a reference. */
export const bucketFlag: TextFlag = {
  kind: 'text',
  value: 'BUCKET',
  group: 'Where',
  env: 'BUCKETRY_BUCKET',
  doc: 'The bucket of references without one, such as `s3://my-bucket` or `file:./bucket`.',
};

/** Of commands that copy images. */
export const copyFlags: CopyFlags = {
  platform: {
    kind: 'list',
    value: 'PLATFORM',
    group: 'What to copy',
    doc: 'Only these platforms, such as linux/arm64; all if left out. One makes its image the root, several make a new index.',
  },
  referrers: {
    kind: 'switch',
    group: 'What to copy',
    doc: 'Also what refers to the image (signatures, SBOMs, attestations) and to that in turn, where the source can tell, and what cosign tags of it (`sha256-….sig`, `.att`, `.sbom`).',
  },
  concurrency: {
    kind: 'integer',
    value: 'N',
    range: [1, 64],
    default: 4,
    doc: 'Blobs to copy at once. Large ones go in parallel parts besides.',
  },
  abort: {
    kind: 'switch',
    doc: 'When the copy fails or is stopped, discard the uploads that it began, rather than leave them for the same command to go on from.',
  },
  'digest-file': { kind: 'text', value: 'FILE', group: 'Output', doc: 'Write the digest of what was copied to this file.' },
  trace: {
    kind: 'text',
    value: 'FILE',
    group: 'Output',
    doc: 'Write where the time went to this file, in the Trace Event Format that Perfetto (ui.perfetto.dev) and chrome://tracing open.',
  },
};

export type CopyFlags = {
  readonly platform: ListFlag;
  readonly referrers: SwitchFlag;
  readonly concurrency: IntegerFlag;
  readonly abort: SwitchFlag;
  readonly 'digest-file': TextFlag;
  readonly trace: TextFlag;
};

/**
 * Platforms as flags name them; undefined for all.
 * @throws RegistryError `platform-invalid`
 */
export function parsePlatforms(texts: readonly string[]): readonly Platform[] | undefined {
  return texts.length === 0 ? undefined : texts.map(parsePlatform);
}

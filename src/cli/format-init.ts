import type { Lifecycle, Policy } from '../doctor/bucket-policies.ts';
import type { StoreFindings } from '../doctor/probe-store.ts';
import type { EdgeConfig } from './edge-config.node.ts';
import { formatTerms } from './wrap.ts';

/** The JSON result of `bucketry init`. */
export interface InitResult {
  readonly bucket: string;
  readonly formatVersion: number;
  readonly store: StoreFindings;
  readonly publicUrl?: string | undefined;
  readonly catalog: boolean;
  readonly applied: readonly string[];
  readonly edge?: EdgeConfig | undefined;
  readonly policies?: { readonly publicRead: Policy; readonly pusher: Policy; readonly reader: Policy } | undefined;
  readonly lifecycle?: Lifecycle | undefined;
}

const conditions: Readonly<Record<StoreFindings['conditionalPut'], string>> = {
  atomic: 'hold: of racing writers one wins',
  none: 'are refused: lists are written, read and compared instead',
  ignored: 'are ignored: lists are written, read and compared instead',
};

/** The result of `init` for people. */
export function formatInit(result: InitResult): string {
  const { store, publicUrl, policies, lifecycle } = result;
  const findings: readonly (readonly [string, string])[] = [
    ['conditional writes', conditions[store.conditionalPut]],
    ['checksums', describeChecksums(store)],
    ['listings', store.strongList ? 'show every write at once' : 'lag behind writes'],
    ['copies', store.copy ? 'within the store' : 'not within the store'],
    ['uploads in parts', describeMultipart(store)],
  ];
  const sections = [
    `${result.bucket} is ready: bucket format ${result.formatVersion}${publicUrl === undefined ? '' : `, public at ${publicUrl}`}`,
    `The store\n${formatTerms(findings, 80)}`,
  ];
  if (result.applied.length > 0) sections.push(['Applied', ...result.applied.map((sentence) => `  ${sentence}`)].join('\n'));
  if (policies) {
    sections.push(
      formatPolicy('Policy of the bucket that lets everyone pull (init --public applies it)', policies.publicRead),
      formatPolicy('Least policy of a user who pushes', policies.pusher),
      formatPolicy('Least policy of a user who pulls with credentials', policies.reader),
    );
  }
  if (lifecycle)
    sections.push(formatPolicy('Lifecycle rule that aborts uploads which nobody ends (init --abort-uploads adds it)', lifecycle));
  return sections.join('\n\n');
}

function describeChecksums({ verifiesSha256, verifiesCrc32 }: StoreFindings): string {
  if (!verifiesSha256) return 'are not checked by the store';
  return verifiesCrc32 ? 'wrong bytes are refused, also by CRC-32' : 'wrong bytes are refused';
}

function describeMultipart({ multipart, listsPartSha256 }: StoreFindings): string {
  if (!multipart) return 'not known to the store';
  return listsPartSha256 ? 'can be continued by anyone' : 'can be continued where ETags are MD5s';
}

function formatPolicy(title: string, policy: object): string {
  return `${title}\n${JSON.stringify(policy, undefined, 2)}`;
}

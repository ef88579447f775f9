import type { LifecycleRule } from '../bucket-admin.ts';
import type { S3Client } from './s3-client.ts';
import { readRules } from './s3-rules.ts';
import { childElements, childText, type XmlElement } from './s3-xml.ts';

/** Classes whose objects must be restored before they can be read. */
const frozenClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** The lifecycle rules of a bucket that are turned on. A rule bound to tags or sizes is taken for one that is not: it may hit. */
export async function readLifecycle(client: S3Client, signal: AbortSignal | undefined): Promise<readonly LifecycleRule[]> {
  const { rules } = await readRules(client, 'lifecycle', signal);
  return rules.filter((rule) => childText(rule, 'Status')?.trim() === 'Enabled').map(readRule);
}

function readRule(rule: XmlElement): LifecycleRule {
  const has = (name: string): boolean => childElements(rule, name).length > 0;
  const freezes = childElements(rule, 'Transition').some((move) => frozenClasses.has(childText(move, 'StorageClass')?.trim() ?? ''));
  return {
    id: childText(rule, 'ID') ?? '',
    prefix: findPrefix(rule),
    removesObjects: freezes || childElements(rule, 'Expiration').some(expiresObjects),
    abortsUploads: has('AbortIncompleteMultipartUpload'),
    removesVersions: has('NoncurrentVersionExpiration'),
  };
}

/** `Filter/And/Prefix`, `Filter/Prefix`, or, as it was written once, `Prefix`. */
function findPrefix(rule: XmlElement): string {
  const [filter] = childElements(rule, 'Filter');
  const [both] = filter ? childElements(filter, 'And') : [];
  const places = [both, filter, rule].filter((place) => place !== undefined);
  return places.map((place) => childText(place, 'Prefix')).find((prefix) => prefix !== undefined) ?? '';
}

/** `ExpiredObjectDeleteMarker` alone removes what is deleted already. */
function expiresObjects(expiration: XmlElement): boolean {
  return ['Days', 'Date'].some((name) => childElements(expiration, name).length > 0);
}

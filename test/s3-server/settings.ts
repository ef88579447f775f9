import type { XmlElement } from '@rgrove/parse-xml';
import { blocksPublic } from './access.ts';
import { bucketOf, type Answer, type Call } from './call.ts';
import { S3Error, type S3ErrorCode } from './errors.ts';
import { isPublicPolicy, parseBucketPolicy } from './policy.ts';
import type { SettingName } from './store.ts';
import { childrenOf, parseDocument, textOf } from './xml.ts';

interface Setting {
  readonly contentType: string;
  readonly missing: S3ErrorCode;
  /** Throws where the document does not hold; may keep what it has read. */
  readonly accept: (call: Call) => void;
  readonly putStatus: number;
}

function acceptPolicy(call: Call): void {
  const bucket = bucketOf(call);
  const policy = parseBucketPolicy(call.body.toString(), bucket.name);
  if (isPublicPolicy(policy) && blocksPublic(bucket, 'BlockPublicPolicy')) {
    throw new S3Error('AccessDenied', 'Public policies are blocked by the BlockPublicPolicy setting of the public access block.');
  }
  bucket.policy = policy;
}

const LIFECYCLE_ACTIONS = ['AbortIncompleteMultipartUpload', 'Expiration', 'Transition'];

function checkLifecycleRule(rule: XmlElement): void {
  const status = textOf(rule, 'Status');
  if (status !== 'Enabled' && status !== 'Disabled') throw new S3Error('MalformedXML', `Found the status "${status}"`);
  const places = ['Filter', 'Prefix'].filter((name) => childrenOf(rule, name).length > 0);
  if (places.length !== 1) throw new S3Error('MalformedXML', 'A rule needs a Filter');
  const actions = LIFECYCLE_ACTIONS.flatMap((name) => childrenOf(rule, name));
  if (actions.length === 0) throw new S3Error('InvalidRequest', 'At least one action needs to be specified in a rule');
  for (const abort of childrenOf(rule, 'AbortIncompleteMultipartUpload')) {
    if (!/^[1-9]\d*$/.test(textOf(abort, 'DaysAfterInitiation') ?? ''))
      throw new S3Error('MalformedXML', 'DaysAfterInitiation must be a positive integer');
  }
}

function acceptLifecycle({ body }: Call): void {
  const rules = childrenOf(parseDocument(body, 'LifecycleConfiguration'), 'Rule');
  if (rules.length === 0 || rules.length > 1000) throw new S3Error('MalformedXML', 'Between 1 and 1,000 rules are wanted');
  rules.forEach(checkLifecycleRule);
}

function acceptCors({ body }: Call): void {
  const rules = childrenOf(parseDocument(body, 'CORSConfiguration'), 'CORSRule');
  if (rules.length === 0 || rules.length > 100) throw new S3Error('MalformedXML', 'Between 1 and 100 rules are wanted');
  for (const rule of rules) {
    const methods = childrenOf(rule, 'AllowedMethod').map(({ text }) => text.trim());
    const odd = methods.find((method) => !['GET', 'HEAD', 'PUT', 'POST', 'DELETE'].includes(method));
    if (odd !== undefined) throw new S3Error('InvalidRequest', `Found unsupported HTTP method in CORS config: ${odd}`);
    if (methods.length === 0 || childrenOf(rule, 'AllowedOrigin').length === 0) throw new S3Error('MalformedXML');
  }
}

function acceptPublicAccessBlock({ body }: Call): void {
  const names = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];
  const root = parseDocument(body, 'PublicAccessBlockConfiguration');
  const odd = names.find((name) => !['true', 'false', undefined].includes(textOf(root, name)?.toLowerCase()));
  if (odd !== undefined) throw new S3Error('MalformedXML', `<${odd}> is neither true nor false`);
}

const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  policy: { contentType: 'application/json', missing: 'NoSuchBucketPolicy', accept: acceptPolicy, putStatus: 204 },
  lifecycle: { contentType: 'application/xml', missing: 'NoSuchLifecycleConfiguration', accept: acceptLifecycle, putStatus: 200 },
  cors: { contentType: 'application/xml', missing: 'NoSuchCORSConfiguration', accept: acceptCors, putStatus: 200 },
  publicAccessBlock: {
    contentType: 'application/xml',
    missing: 'NoSuchPublicAccessBlockConfiguration',
    accept: acceptPublicAccessBlock,
    putStatus: 200,
  },
};

export type SettingHandler = (call: Call) => Answer;

/** Get, put and delete of one of a bucket's documents, which come back as they were sent. */
export function createSettingHandlers(name: SettingName): Readonly<Record<'get' | 'put' | 'delete', SettingHandler>> {
  const { contentType, missing, accept, putStatus } = SETTINGS[name];
  return {
    get(call) {
      const text = bucketOf(call).settings.get(name);
      if (text === undefined) throw new S3Error(missing, undefined, { elements: { BucketName: bucketOf(call).name } });
      return { status: 200, headers: { 'content-type': contentType }, body: Buffer.from(text) };
    },
    put(call) {
      accept(call);
      bucketOf(call).settings.set(name, call.body.toString());
      return { status: putStatus, headers: {} };
    },
    delete(call) {
      const bucket = bucketOf(call);
      bucket.settings.delete(name);
      if (name === 'policy') bucket.policy = undefined;
      return { status: 204, headers: {} };
    },
  };
}

import { BucketError } from '../../errors/bucket-error.ts';
import { hasCode } from '../../errors/coded-error.ts';
import { readAll } from '../../streams/read-all.ts';
import { abortUploadsRuleId, type BucketAdmin, type PublicAccessBlock } from '../bucket-admin.ts';
import { checkedDocument, plainDocument } from './document-body.ts';
import { hasPolicies } from './s3-abilities.ts';
import { createS3Client, type S3Client, type S3ClientOptions } from './s3-client.ts';
import { hasS3Code } from './s3-errors.ts';
import { readLifecycle } from './s3-lifecycle.ts';
import { putRule } from './s3-rules.ts';
import { childText, formatElement, s3Namespace } from './s3-xml.ts';

/** S3's own bound is 20 KiB. */
const maxPolicyBytes = 65_536;
/** The region that S3 takes when none is named, and refuses to have named. */
const defaultRegions: ReadonlySet<string> = new Set(['us-east-1', 'auto']);

/** The settings of a bucket of S3, or of a store that speaks like it. Takes over `http`, like `openS3Bucket`. */
export function openS3Admin(options: S3ClientOptions): BucketAdmin {
  const client = createS3Client(options);
  return {
    createBucket: ({ signal } = {}) => createBucket(client, options.region, signal),
    bucketExists: ({ signal } = {}) => bucketExists(client, signal),
    ...(hasPolicies(client.endpoint.url().hostname) && policyMembers(client)),

    putAbortUploadsRule: (days, { signal } = {}) =>
      putRule(client, 'lifecycle', abortUploadsRuleId, signal, (id) => [
        id,
        formatElement('Filter', [formatElement('Prefix', '')]),
        formatElement('Status', 'Enabled'),
        formatElement('AbortIncompleteMultipartUpload', [formatElement('DaysAfterInitiation', String(days))]),
      ]),

    getLifecycleRules: ({ signal } = {}) => readLifecycle(client, signal),

    async keepsVersions({ signal } = {}) {
      const request = { action: 'read the versioning', method: 'GET', query: { versioning: '' }, signal };
      return childText(await client.sendForXml(request, 'VersioningConfiguration'), 'Status')?.trim() === 'Enabled';
    },

    putReadCors: (allowedOrigins, { signal } = {}) =>
      putRule(client, 'cors', 'bucketry-read', signal, (id) => [
        id,
        ...allowedOrigins.map((origin) => formatElement('AllowedOrigin', origin)),
        ...['GET', 'HEAD'].map((method) => formatElement('AllowedMethod', method)),
        formatElement('AllowedHeader', '*'),
        ...['ETag', 'Content-Length', 'Content-Range'].map((name) => formatElement('ExposeHeader', name)),
      ]),
  };
}

async function createBucket(client: S3Client, region: string, signal: AbortSignal | undefined): Promise<void> {
  const constraint = [formatElement('LocationConstraint', region)];
  const document = plainDocument(formatElement('CreateBucketConfiguration', constraint, s3Namespace));
  try {
    await client.sendForHeaders({ action: 'make the bucket', method: 'PUT', ...(!defaultRegions.has(region) && document), signal });
  } catch (error) {
    if (!hasS3Code(error, 'BucketAlreadyOwnedByYou')) throw error;
  }
}

async function bucketExists(client: S3Client, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await client.sendForHeaders({ action: 'look at the bucket', method: 'HEAD', signal });
    return true;
  } catch (error) {
    if (hasCode(error, 'bucket-missing')) return false;
    throw error;
  }
}

type PolicyMembers = Required<Pick<BucketAdmin, 'getPolicy' | 'putPolicy' | 'getPublicAccessBlock' | 'putPublicAccessBlock'>>;

function policyMembers(client: S3Client): PolicyMembers {
  return {
    async getPolicy({ signal } = {}) {
      const action = 'read the policy';
      try {
        const { body } = await client.send({ action, method: 'GET', query: { policy: '' }, signal });
        return new TextDecoder().decode(await readAll(body, maxPolicyBytes, 'the policy of a bucket'));
      } catch (error) {
        if (hasS3Code(error, 'NoSuchBucketPolicy')) return undefined;
        if (!hasCode(error, 'size-mismatch')) throw error;
        throw new BucketError('response-invalid', `Cannot ${action} in ${client.location}: it has more than ${maxPolicyBytes} bytes`);
      }
    },

    async putPolicy(policy, { signal } = {}) {
      const document = checkedDocument({ json: policy });
      await client.sendForHeaders({ action: 'set the policy', method: 'PUT', query: { policy: '' }, ...document, signal });
    },

    async getPublicAccessBlock({ signal } = {}) {
      const request = { action: 'read the block of public access', method: 'GET', query: { publicAccessBlock: '' }, signal };
      try {
        const block = await client.sendForXml(request, 'PublicAccessBlockConfiguration');
        const isSet = (name: string): boolean => childText(block, name)?.trim().toLowerCase() === 'true';
        return {
          blockPublicAcls: isSet('BlockPublicAcls'),
          ignorePublicAcls: isSet('IgnorePublicAcls'),
          blockPublicPolicy: isSet('BlockPublicPolicy'),
          restrictPublicBuckets: isSet('RestrictPublicBuckets'),
        };
      } catch (error) {
        // MinIO and others know no such block at all: then nothing stands against a public policy either.
        if (hasS3Code(error, 'NoSuchPublicAccessBlockConfiguration') || hasCode(error, 'operation-unsupported')) return undefined;
        throw error;
      }
    },

    async putPublicAccessBlock(block, { signal } = {}) {
      const document = checkedDocument(formatPublicAccessBlock(block));
      const request = { action: 'set the block of public access', method: 'PUT', query: { publicAccessBlock: '' }, ...document, signal };
      await client.sendForHeaders(request);
    },
  };
}

function formatPublicAccessBlock(block: PublicAccessBlock): ReturnType<typeof formatElement> {
  const switches = [
    ['BlockPublicAcls', block.blockPublicAcls],
    ['IgnorePublicAcls', block.ignorePublicAcls],
    ['BlockPublicPolicy', block.blockPublicPolicy],
    ['RestrictPublicBuckets', block.restrictPublicBuckets],
  ] as const;
  const elements = switches.map(([name, isOn]) => formatElement(name, String(isOn)));
  return formatElement('PublicAccessBlockConfiguration', elements, s3Namespace);
}

import { answerXml, bucketOf, type Answer, type Call, type Service } from './call.ts';
import { S3Error } from './errors.ts';
import type { Bucket } from './store.ts';
import { element, formatDocument, parseDocument, textOf } from './xml.ts';

const BLOCK_FLAGS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

export function listBuckets(call: Call): Answer {
  const buckets = call.service.store.buckets();
  return answerXml(
    formatDocument(
      'ListAllMyBucketsResult',
      element('Owner', element('ID', 'owner')),
      element(
        'Buckets',
        ...buckets.map(({ name, createdMs }) =>
          element('Bucket', element('Name', name), element('CreationDate', new Date(createdMs).toISOString())),
        ),
      ),
    ),
  );
}

function checkLocation(body: Buffer, region: string): void {
  const wanted = region === 'us-east-1' ? undefined : region;
  const constraint = body.length === 0 ? undefined : textOf(parseDocument(body, 'CreateBucketConfiguration'), 'LocationConstraint');
  if (constraint === wanted) return;
  throw new S3Error(
    'IllegalLocationConstraintException',
    `The location constraint is ${constraint ?? 'unspecified'}, but this endpoint is in ${region}`,
  );
}

/** Creates a bucket as the server's options have it. */
export function addBucket({ store, now, blocksPublicAccess }: Service, name: string): Bucket {
  const bucket = store.create(name, now());
  if (blocksPublicAccess) {
    const flags = BLOCK_FLAGS.map((flag) => element(flag, true));
    bucket.settings.set('publicAccessBlock', formatDocument('PublicAccessBlockConfiguration', ...flags).toString());
  }
  return bucket;
}

export function createBucket({ service, request, body }: Call): Answer {
  checkLocation(body, service.region);
  const bucket = addBucket(service, request.bucketName ?? '');
  return { status: 200, headers: { location: `/${bucket.name}` } };
}

export function headBucket(call: Call): Answer {
  bucketOf(call);
  return { status: 200, headers: { 'x-amz-bucket-region': call.service.region } };
}

export function deleteBucket(call: Call): Answer {
  call.service.store.delete(bucketOf(call).name);
  return { status: 204, headers: {} };
}

/** The region, and for us-east-1 the empty element that S3's history has left. */
export function getBucketLocation(call: Call): Answer {
  bucketOf(call);
  const { region } = call.service;
  return answerXml(formatDocument('LocationConstraint', region === 'us-east-1' ? undefined : region));
}

import { expect, it } from 'vitest';
import { describeRequest } from './describe-request.ts';

const digest = `sha256:${'a'.repeat(64)}`;

it.each([
  ['GET', 'v2/', 'Ask whether this is a registry'],
  ['HEAD', `v2/team/app/manifests/${digest}`, "Check whether the image's manifest is present"],
  ['GET', `v2/team/app/manifests/${digest}`, "Fetch the image's manifest by its digest"],
  ['GET', 'v2/team/app/manifests/1.0', 'Ask which image the tag names'],
  ['GET', `v2/team/app/blobs/${digest}`, 'Fetch a blob: a layer or the config'],
  ['GET', `v2/team/app/referrers/${digest}`, 'Ask what refers to the image: signatures, attestations'],
  ['GET', 'v2/team/app/tags/list', 'List the tags'],
  ['GET', 'v2/_catalog', 'List the repositories'],
  ['GET', 'favicon.ico', 'Ask for something that no registry client asks of a registry'],
  ['GET', '_bucketry/format', 'Ask for something that no registry client asks of a registry'],
  ['POST', 'v2/team/app/blobs/uploads/', 'Try to change something, which a public bucket does not let anyone do'],
])('%s %s means: %s', (method, key, words) => {
  expect(describeRequest(method, key)).toBe(words);
});

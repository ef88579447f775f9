import type { KeySpec } from '../layout/keys.ts';
import { parseKey } from '../layout/parse-key.ts';

/** What a registry client means by asking for a kind of key: by GET, and by HEAD. */
const meanings: Readonly<Partial<Record<KeySpec['kind'], { readonly get: string; readonly head: string }>>> = {
  root: { get: 'Ask whether this is a registry', head: 'Ask whether this is a registry' },
  catalog: { get: 'List the repositories', head: 'Check whether there is a list of repositories' },
  blob: { get: 'Fetch a blob: a layer or the config', head: 'Check whether a blob is present' },
  manifest: { get: "Fetch the image's manifest by its digest", head: "Check whether the image's manifest is present" },
  tag: { get: 'Ask which image the tag names', head: "Check whether the image's manifest is present, and what its type is" },
  'tag-list': { get: 'List the tags', head: 'Check whether there is a list of tags' },
  referrers: { get: 'Ask what refers to the image: signatures, attestations', head: 'Check whether anything refers to the image' },
  'fallback-tag': {
    get: 'Ask what refers to the image, by the tag that stands in for the referrers API',
    head: 'Check whether anything refers to the image, by the tag that stands in for the referrers API',
  },
};

/** What a client is doing with a request, in words, for the comment above its line in the log. */
export function describeRequest(method: string, key: string): string {
  if (method !== 'GET' && method !== 'HEAD') return 'Try to change something, which a public bucket does not let anyone do';
  const kind = parseKey(key)?.kind;
  const meaning = kind === undefined ? undefined : meanings[kind];
  if (!meaning) return 'Ask for something that no registry client asks of a registry';
  return method === 'GET' ? meaning.get : meaning.head;
}

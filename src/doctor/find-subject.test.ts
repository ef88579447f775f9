import { afterEach, describe, expect, it } from 'vitest';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { serveFetch } from '../server/node-server.node.ts';
import { openSite } from './ask-site.ts';
import { findSubject, type NamedSubject } from './find-subject.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Looks for an image at a host that has these lists, by their paths, and nothing else. */
async function find(lists: Readonly<Record<string, unknown>>, named: NamedSubject = {}): Promise<object> {
  const answer = ({ url }: Request): Response => {
    const list = lists[new URL(url).pathname];
    return list === undefined ? new Response(null, { status: 404 }) : Response.json(list);
  };
  const server = await serveFetch(async (request) => answer(request), { host: '127.0.0.1', port: 0 });
  const http = createNodeHttpClient({ env: {} });
  cleanups.push(
    () => server.close(),
    () => http.close(),
  );
  return findSubject(openSite({ origin: new URL(server.url), http }), named);
}

const app = parseRepositoryName('app');
const catalog = { '/v2/_catalog': { repositories: ['app', 'other'] } };
const tags = (...names: readonly string[]): Readonly<Record<string, unknown>> => ({ '/v2/app/tags/list': { name: 'app', tags: names } });

describe('findSubject', () => {
  it('takes what was named, and asks for nothing', async () => {
    expect(await find({}, { repository: app, tag: parseTag('1') })).toEqual({ name: 'app', reference: '1' });
  });

  it('takes the first of the catalog, and its tag "latest", else its first', async () => {
    expect(await find({ ...catalog, ...tags('1', 'latest') })).toEqual({ name: 'app', reference: 'latest' });
    expect(await find(tags('1', '2'), { repository: app })).toEqual({ name: 'app', reference: '1' });
  });

  it.each([
    [{}, {}, '/NAME:TAG'],
    [{ '/v2/_catalog': { repositories: ['../evil'] } }, {}, '/NAME:TAG'],
    [{ '/v2/_catalog': 'no list' }, {}, '/NAME:TAG'],
    [catalog, {}, '/app:TAG'],
    [tags(), { repository: app }, '/app:TAG'],
    [tags('-not a tag'), { repository: app }, '/app:TAG'],
  ])('asks for a name where %j tells of none', async (lists, named, wanted) => {
    await expect(find(lists, named)).rejects.toMatchObject({
      code: 'reference-ambiguous',
      hint: expect.stringContaining(wanted) as unknown,
    });
  });
});

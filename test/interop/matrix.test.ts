import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describePeer } from '../peers/require-peer.ts';
import type { ClientSession } from './client.ts';
import { formatCompatibility } from './format-compatibility.ts';
import { BY_DIGEST, BY_TAG } from './image-ways.ts';
import { askClient, CLIENT_NAMES, CLIENTS, listUnexplained } from './matrix.ts';
import type { ClientName } from './matrix.ts';
import { openPlaces } from './open-places.ts';
import type { Places } from './open-places.ts';
import { PLACE_NAMES, PLACES } from './place.ts';
import { describePlace, findPlaces } from './require-place.ts';
import { PAGE_FILE, readResults } from './results.ts';

const results = await readResults();
const { docker, podman, containerd, skopeo, crane, oras, regctl } = results.clients;

describe('real clients', () => {
  let places: Places;

  beforeAll(async () => {
    places = await openPlaces(findPlaces());
  });

  afterAll(() => places.close());

  for (const name of CLIENT_NAMES) {
    describePeer(CLIENTS[name].peer ?? [], CLIENTS[name].title, () => {
      testClient(name, () => places);
    });
  }
});

function testClient(name: ClientName, places: () => Places): void {
  let session: ClientSession;

  beforeAll(async () => {
    session = await CLIENTS[name].open(places().hosts);
  });

  afterAll(() => session.close());

  for (const placeName of PLACE_NAMES) {
    describePlace(placeName, PLACES[placeName], () => {
      test('gives it what the table says', async () => {
        const answer = await askClient(session, places().get(placeName));
        expect(answer.column).toEqual(results.clients[name].columns[placeName]);
        if (placeName === 'static') expect(answer.requests).toEqual(results.clients[name].requests);
      });
    });
  }
}

describe('the results', () => {
  test('make the page, which nobody has edited', async () => {
    expect(await readFile(PAGE_FILE, 'utf8')).toBe(formatCompatibility(results));
  });

  test('explain every cell that is not ok', () => {
    expect(listUnexplained(results)).toEqual([]);
    const [title = ''] = Object.keys(oras.columns.minio);
    const planted = { ...oras, columns: { ...oras.columns, minio: { [title]: 'unexplained: something new' } } };
    expect(listUnexplained({ ...results, clients: { ...results.clients, oras: planted } })).toEqual([
      `oras at minio, ${title}: unexplained: something new`,
    ]);
  });

  test('show that every client pulls an index by tag and by digest from every place', () => {
    const refused = CLIENT_NAMES.flatMap((name) =>
      PLACE_NAMES.flatMap((place) =>
        [BY_TAG, BY_DIGEST]
          .filter((title) => results.clients[name].columns[place][title] !== 'ok')
          .map((title) => `${name} ${place} ${title}`),
      ),
    );
    expect(refused).toEqual([]);
  });
});

describe('the requests of a pull by tag', () => {
  test.each([
    ['podman', podman],
    ['skopeo', skopeo],
    ['crane', crane],
  ])('%s begins with GET /v2/, and goes on with GET of the tag', (_name, { requests }) => {
    expect(requests.slice(0, 2)).toEqual(['GET /v2/', 'GET tag']);
  });

  test('Docker begins with GET /v2/, and asks for the tag by HEAD before it gets it', () => {
    expect(docker.requests.slice(0, 3)).toEqual(['GET /v2/', 'HEAD tag', 'GET tag']);
  });

  test('containerd never asks for /v2/, and begins with HEAD of the tag', () => {
    expect(containerd.requests.slice(0, 2)).toEqual(['HEAD tag', 'GET tag']);
  });

  test.each([
    ['oras', oras],
    ['regctl', regctl],
  ])('%s begins with GET of the tag and never asks for /v2/', (_name, { requests }) => {
    expect(requests[0]).toBe('GET tag');
    expect(requests).not.toContain('GET /v2/');
  });

  test.each(CLIENT_NAMES)('%s goes on with manifests by digest, and blobs', (name) => {
    expect(results.clients[name].requests).toEqual(expect.arrayContaining(['GET manifest by digest', 'GET blob']));
  });
});

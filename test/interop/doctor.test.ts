import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSite } from '../../src/doctor/ask-site.ts';
import { findClient } from '../../src/doctor/client-profiles.ts';
import { examineSite, type SiteReport } from '../../src/doctor/examine-site.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { describePeer } from '../peers/require-peer.ts';
import type { ClientSession } from './client.ts';
import { DOCTOR_PLACE_NAMES, openDoctorPlace } from './doctor-places.ts';
import { ATTESTED } from './image-ways.ts';
import { type ClientName, CLIENTS } from './matrix.ts';
import { openPlaces, type Places } from './open-places.ts';
import { type OpenPlace, type Place, PLACE_NAMES, PLACES } from './place.ts';
import { Refusal } from './refusal.ts';
import { describePlace, findPlaces } from './require-place.ts';

/** The programs that verdicts are compared with, each with the places of which it is asked: of two that share their code, the slow one is asked less. */
const TRIED: Readonly<Partial<Record<ClientName, readonly string[]>>> = {
  crane: DOCTOR_PLACE_NAMES,
  regctl: DOCTOR_PLACE_NAMES,
  oras: DOCTOR_PLACE_NAMES,
  skopeo: DOCTOR_PLACE_NAMES,
  podman: ['good', 'no v2/', 'manifests as JSON', 'gzip said of layers that are gzip', 'no HEAD'],
  containerd: DOCTOR_PLACE_NAMES,
  docker: DOCTOR_PLACE_NAMES,
};

describe('what doctor says of a host is what happens there', () => {
  const places = new Map<string, OpenPlace>();

  beforeAll(async () => {
    for (const name of DOCTOR_PLACE_NAMES) places.set(name, await openDoctorPlace(name));
  });

  afterAll(async () => {
    for (const place of places.values()) await place.close();
  });

  for (const [name, placeNames] of Object.entries(TRIED) as [ClientName, readonly string[]][]) {
    describePeer(CLIENTS[name].peer ?? [], `to ${name}`, () => {
      let session: ClientSession;

      beforeAll(async () => {
        session = await CLIENTS[name].open([...places.values()].map(({ host }) => host));
      });

      afterAll(() => session.close());

      test.each(placeNames)('%s', async (placeName) => {
        const place = places.get(placeName)!;
        expect({ pulls: await canPull(session, place) }).toEqual({ pulls: (await findProblem(name, place)) === undefined });
      });
    });
  }
});

describe('doctor says that every client pulls from', () => {
  let places: Places;

  beforeAll(async () => {
    places = await openPlaces(findPlaces());
  });

  afterAll(() => places.close());

  for (const name of PLACE_NAMES) {
    describePlace(name, PLACES[name], () => {
      test('as they do', async () => {
        const { verdicts } = await examine(places.get(name));
        expect(verdicts.filter(({ problem }) => problem)).toEqual([]);
      });
    });
  }
});

async function canPull({ ways }: ClientSession, place: OpenPlace): Promise<boolean> {
  try {
    await ways[ATTESTED]!(place);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** What our verdict on this client is at this place. */
async function findProblem(name: ClientName, place: Place): Promise<unknown> {
  const { verdicts } = await examine(place);
  const verdict = verdicts.find(({ client }) => client === findClient(name));
  if (!verdict) throw new Error(`No verdict on "${name}"`);
  return verdict.problem;
}

async function examine({ host, repository }: Place): Promise<SiteReport> {
  // Buckets at their host's root have names that the machine's resolver does not know.
  const http = createNodeHttpClient({
    env: {},
    lookup: (_name, { all }, found) => (all ? found(null, [loopback]) : found(null, '127.0.0.1', 4)),
  });
  try {
    const site = openSite({ origin: new URL(`http://${host}`), http });
    return await examineSite(site, { name: parseRepositoryName(repository), reference: parseTag('attested') }, systemClock);
  } finally {
    await http.close();
  }
}

const loopback = { address: '127.0.0.1', family: 4 };

import { describe, expect, it } from 'vitest';
import { DOCTOR_PLACE_NAMES, openDoctorPlace } from '../../test/interop/doctor-places.ts';
import { startTlsFront, testCertificate } from '../../test/tls-front.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { systemClock } from '../streams/clock.ts';
import { openSite } from './ask-site.ts';
import { clientProfiles } from './client-profiles.ts';
import { examineSite } from './examine-site.ts';

interface Examined {
  /** The finding that each client fails of. */
  readonly failures: Readonly<Record<string, string>>;
  readonly remarks: readonly string[];
  readonly requests: number;
}

async function examine(placeName: string, path?: (repository: string) => string, tag = 'attested'): Promise<Examined> {
  const place = await openDoctorPlace(placeName);
  const http = createNodeHttpClient({ env: {} });
  try {
    const site = openSite({ origin: new URL(`http://${place.host}`), http });
    const name = parseRepositoryName(path?.(place.repository) ?? place.repository);
    const { verdicts, remarks } = await examineSite(site, { name, reference: parseTag(tag) }, systemClock);
    return {
      failures: Object.fromEntries(verdicts.flatMap(({ client, problem }) => (problem ? [[client.id, problem.id]] : []))),
      remarks: remarks.map(({ id }) => id),
      requests: site.countRequests(),
    };
  } finally {
    await http.close();
    await place.close();
  }
}

/** The same finding for these clients. */
const fail = (finding: string, ...ids: readonly string[]): Record<string, string> => Object.fromEntries(ids.map((id) => [id, finding]));
const everyone = clientProfiles.map(({ id }) => id);
const but = (...ids: readonly string[]): readonly string[] => everyone.filter((id) => !ids.includes(id));

const noDigestHeader = ['digest-header-missing'];
/** What is wrong with each place, and whom it hurts. `test/interop/doctor.test.ts` asks the clients themselves. */
const expected: Readonly<Record<string, Omit<Examined, 'requests'>>> = {
  good: { failures: {}, remarks: noDigestHeader },
  'with the digest header': { failures: {}, remarks: [] },
  'a 403 for missing keys': { failures: {}, remarks: ['digest-header-missing', 'missing-answers-403'] },
  'no referrers, and a 403 for missing keys': {
    failures: fail('referrers-refused', 'docker-containerd'),
    remarks: ['digest-header-missing', 'missing-answers-403'],
  },
  'no referrers, and a 404': { failures: {}, remarks: noDigestHeader },
  'no v2/': { failures: fail('api-missing', 'podman', 'crane'), remarks: noDigestHeader },
  'a 403 for v2/': { failures: fail('api-missing', 'podman', 'crane'), remarks: noDigestHeader },
  'manifests as octet-stream': { failures: fail('type-wrong', ...everyone), remarks: noDigestHeader },
  'manifests as JSON': { failures: fail('type-wrong', ...everyone), remarks: noDigestHeader },
  'manifests without a type': { failures: fail('type-wrong', ...but('regctl')), remarks: noDigestHeader },
  'gzip by a proxy': { failures: fail('length-missing', 'oras'), remarks: ['encoding-added', 'digest-header-missing'] },
  'gzip said of layers that are gzip': { failures: fail('encoding-breaks', ...everyone), remarks: noDigestHeader },
  'path style': {
    failures: { ...fail('image-missing', ...everyone), ...fail('api-missing', 'podman', 'crane') },
    remarks: [],
  },
  'no HEAD': { failures: fail('head-refused', 'docker-containerd', 'containerd'), remarks: [] },
  'no ranges': { failures: {}, remarks: ['digest-header-missing', 'ranges-ignored'] },
  'manifests by tag only': { failures: fail('manifest-missing', ...everyone), remarks: noDigestHeader },
  'no blobs': { failures: fail('blob-missing', ...everyone), remarks: noDigestHeader },
  'a wrong byte in each blob': { failures: fail('digest-wrong', ...everyone), remarks: noDigestHeader },
  'a wrong byte in each manifest by digest': { failures: fail('digest-wrong', ...everyone), remarks: noDigestHeader },
  'blobs without a length': { failures: {}, remarks: noDigestHeader },
  'a redirect of blobs to the same host': { failures: {}, remarks: noDigestHeader },
  'a redirect of blobs to another private address': { failures: fail('private-redirect', 'crane'), remarks: noDigestHeader },
  'too many requests': { failures: fail('rate-limited', ...everyone), remarks: [] },
};

describe('examineSite', () => {
  it('is tested at every place', () => {
    expect(Object.keys(expected)).toEqual(DOCTOR_PLACE_NAMES);
  });

  it.each(Object.entries(expected))('finds what is wrong with: %s', async (placeName, wanted) => {
    const { requests, ...found } = await examine(placeName);
    expect(found).toEqual(wanted);
    expect(requests).toBeLessThanOrEqual(20);
  });

  it('knows a bucket in path style by its first folder', async () => {
    const { failures } = await examine('path style', (repository) => `pub/${repository}`);
    expect(failures).toEqual(fail('path-style', ...everyone));
  });

  it('does not mind referrers of an image without attestations, since nobody asks for them', async () => {
    const { failures } = await examine('no referrers, and a 403 for missing keys', undefined, 'index');
    expect(failures).toEqual({});
  });

  it('tells a certificate that nobody trusts', async () => {
    const place = await openDoctorPlace('good');
    const front = await startTlsFront(`http://${place.host}`);
    const clients = [createNodeHttpClient({ env: {} }), createNodeHttpClient({ env: {}, ca: testCertificate })];
    try {
      const found = await Promise.all(
        clients.map(async (http) => {
          const site = openSite({ origin: new URL(front.endpoint), http });
          const subject = { name: parseRepositoryName(place.repository), reference: parseTag('attested') };
          const { verdicts } = await examineSite(site, subject, systemClock);
          return new Set(verdicts.map(({ problem }) => problem?.id));
        }),
      );
      expect(found).toEqual([new Set(['certificate-untrusted']), new Set([undefined])]);
    } finally {
      for (const http of clients) await http.close();
      await front.close();
      await place.close();
    }
  });

  it('says the same of an image that is not there', async () => {
    const { failures, requests } = await examine('good', () => 'team/none');
    expect(failures).toEqual(fail('image-missing', ...everyone));
    expect(requests).toBeLessThanOrEqual(10);
  });
});

import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openOras } from '../../peers/oras.ts';
import type { Client } from '../client.ts';
import { imageWays } from '../image-ways.ts';
import { ARTIFACT_TEXT, ARTIFACT_TITLE } from '../images.ts';
import type { TestImage } from '../images.ts';
import { formatByDigest, formatByTag, formatRepository, HOSTS } from '../place.ts';
import type { Place } from '../place.ts';
import { takeByCopy } from '../take-by-copy.ts';
import { expectPart, expectSuccess } from '../refusal.ts';

/** oras-go, which helm and flux share. */
export const oras: Client = {
  title: 'oras',
  peer: 'oras',
  async open() {
    const client = await openOras();
    const ask = async (...args: string[]): Promise<string> => expectSuccess(await client.run(args, { hosts: HOSTS }));
    const take = takeByCopy(client.home, (reference, folder) =>
      ask('copy', '--from-plain-http', reference, '--to-oci-layout', `${folder}:copied`),
    );
    const takeAll = takeByCopy(client.home, (reference, folder) =>
      ask('copy', '--recursive', '--from-plain-http', reference, '--to-oci-layout', `${folder}:copied`),
    );
    return {
      ways: {
        ...imageWays(take),
        'artifact’s file (`pull`)': async (place) => {
          const folder = join(client.home, randomUUID());
          await ask('pull', '--plain-http', '--output', folder, formatByTag(place, 'artifact'));
          expectPart(await readFile(join(folder, ARTIFACT_TITLE), 'utf8'), ARTIFACT_TEXT);
        },
        'image with its referrers, by tag (`copy -r`)': (place) => takeAll(formatByTag(place, 'single'), withReferrers(place)),
        'image with its referrers, by digest (`copy -r`)': (place) => takeAll(formatByDigest(place, 'single'), withReferrers(place)),
        'digest of a tag (`resolve`)': async (place) =>
          expectPart(await ask('resolve', '--plain-http', formatByTag(place, 'single')), place.images.single.root.digest),
        'referrers of a tag (`discover`)': async (place) =>
          expectPart(await ask('discover', '--plain-http', formatByTag(place, 'single')), place.images.artifact.root.digest),
        'referrers of a digest (`discover`)': async (place) =>
          expectPart(await ask('discover', '--plain-http', formatByDigest(place, 'single')), place.images.artifact.root.digest),
        'list of tags': async (place) =>
          expectPart(await ask('repo', 'tags', '--plain-http', formatRepository(place)), 'docker-list\nindex\n'),
      },
      close: client.close,
    };
  },
};

/** The image that the artifact refers to, and the artifact. */
function withReferrers({ images: { single, artifact } }: Place): TestImage {
  return { ...single, digests: [...single.digests, ...artifact.digests] };
}

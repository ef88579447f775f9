import { openBucketry } from '../bucketry.ts';
import type { Client } from '../client.ts';
import { imageWays } from '../image-ways.ts';
import { formatByTag, formatRepository, HOSTS } from '../place.ts';
import { expectPart, expectSuccess } from '../refusal.ts';
import { takeByCopy } from '../take-by-copy.ts';

/** Our own client, from the place as anyone sees it: `http://HOST/NAME`. */
export const bucketry: Client = {
  title: '`bucketry`',
  peer: undefined,
  async open() {
    const client = await openBucketry();
    const ask = async (...args: string[]): Promise<string> => expectSuccess(await client.run(args, { hosts: HOSTS }));
    return {
      ways: {
        ...imageWays(takeByCopy(client.home, (reference, folder) => ask('pull', `http://${reference}`, `oci:${folder}:copied`))),
        'digest of a tag': async (place) =>
          expectPart(await ask('inspect', `http://${formatByTag(place, 'single')}`), place.images.single.root.digest),
        'list of tags': async (place) => expectPart(await ask('tags', `http://${formatRepository(place)}`), 'docker-list\nindex\n'),
      },
      close: client.close,
    };
  },
};

import { openCrane } from '../../peers/crane.ts';
import type { Client } from '../client.ts';
import { imageWays } from '../image-ways.ts';
import { formatByTag, formatRepository, HOSTS } from '../place.ts';
import { takeByCopy } from '../take-by-copy.ts';
import { expectPart, expectSuccess } from '../refusal.ts';

/** go-containerregistry, which ko, kaniko and cosign share. */
export const crane: Client = {
  title: 'crane',
  peer: 'crane',
  async open() {
    const client = await openCrane();
    const ask = async (...args: string[]): Promise<string> => expectSuccess(await client.run(args, { hosts: HOSTS }));
    const take = takeByCopy(client.home, (reference, folder) => ask('pull', '--format=oci', reference, folder));
    return {
      ways: {
        ...imageWays(take),
        'digest of a tag': async (place) => expectPart(await ask('digest', formatByTag(place, 'single')), place.images.single.root.digest),
        'list of tags': async (place) => expectPart(await ask('ls', formatRepository(place)), 'docker-list\nindex\n'),
      },
      close: client.close,
    };
  },
};

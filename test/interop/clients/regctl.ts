import { openRegctl } from '../../peers/regctl.ts';
import type { Client } from '../client.ts';
import { imageWays } from '../image-ways.ts';
import { ARTIFACT_TEXT } from '../images.ts';
import { formatByTag, formatRepository, HOSTS } from '../place.ts';
import { takeByCopy } from '../take-by-copy.ts';
import { expectPart, expectSuccess } from '../refusal.ts';

/** regclient, a third implementation beside go-containerregistry and containers/image. */
export const regctl: Client = {
  title: 'regctl',
  peer: 'regctl',
  async open(hosts) {
    const client = await openRegctl(hosts);
    const ask = async (...args: string[]): Promise<string> => expectSuccess(await client.run(args, { hosts: HOSTS }));
    const take = takeByCopy(client.home, (reference, folder) => ask('image', 'copy', reference, `ocidir://${folder}:copied`));
    return {
      ways: {
        ...imageWays(take),
        'artifact’s file (`artifact get`)': async (place) =>
          expectPart(await ask('artifact', 'get', formatByTag(place, 'artifact')), ARTIFACT_TEXT),
        'digest of a tag': async (place) =>
          expectPart(await ask('image', 'digest', formatByTag(place, 'single')), place.images.single.root.digest),
        'referrers of a tag (`artifact list`)': async (place) =>
          expectPart(await ask('artifact', 'list', formatByTag(place, 'single')), place.images.artifact.root.digest),
        'list of tags': async (place) => expectPart(await ask('tag', 'ls', formatRepository(place)), 'docker-list\nindex\n'),
      },
      close: client.close,
    };
  },
};

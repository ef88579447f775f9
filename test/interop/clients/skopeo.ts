import { openSkopeo } from '../../peers/skopeo.ts';
import type { Client } from '../client.ts';
import { imageWays } from '../image-ways.ts';
import { formatByTag, formatRepository, HOSTS } from '../place.ts';
import { takeByCopy } from '../take-by-copy.ts';
import { expectPart, expectSuccess } from '../refusal.ts';

/** containers/image, which podman, buildah and CRI-O share. */
export const skopeo: Client = {
  title: 'skopeo',
  peer: 'skopeo',
  async open() {
    const client = await openSkopeo();
    const ask = async (...args: string[]): Promise<string> => expectSuccess(await client.run(args, { hosts: HOSTS }));
    // Into a folder of its own kind, since it converts Docker's manifests on the way into an OCI layout.
    const take = takeByCopy(client.home, (reference, folder) =>
      ask('copy', '--all', '--src-tls-verify=false', `docker://${reference}`, `dir:${folder}`),
    );
    return {
      ways: {
        ...imageWays(take),
        'digest of a tag': async (place) => {
          const inspected = await ask('inspect', '--tls-verify=false', '--format={{.Digest}}', `docker://${formatByTag(place, 'single')}`);
          expectPart(inspected, place.images.single.root.digest);
        },
        'list of tags': async (place) =>
          expectPart(await ask('list-tags', '--tls-verify=false', `docker://${formatRepository(place)}`), '"docker-list",'),
      },
      close: client.close,
    };
  },
};

import { createTemporaryFolder } from '../peers/temporary-folder.ts';
import { openCaddy, openNginx, openStatic } from './directory-places.ts';
import type { OpenPlace, PlaceName } from './place.ts';
import { openAws, openMinio, openVersitygw } from './s3-places.ts';

/** How each place is opened; `folder` is the directory bucket that those share which serve one. */
const OPENERS: Readonly<Record<PlaceName, (folder: string) => Promise<OpenPlace>>> = {
  minio: openMinio,
  versitygw: openVersitygw,
  static: openStatic,
  nginx: openNginx,
  caddy: openCaddy,
  aws: openAws,
};

/** Places whose servers run, each started once. */
export interface Places {
  /** `HOST:PORT` of each. */
  readonly hosts: readonly string[];
  /** Throws for one that was not opened. */
  get(name: PlaceName): OpenPlace;
  close(): Promise<void>;
}

/** Starts the servers of these places and pushes the images into their buckets. */
export async function openPlaces(names: readonly PlaceName[]): Promise<Places> {
  const folder = await createTemporaryFolder('bucket');
  const opened = new Map<PlaceName, OpenPlace>();
  const close = async (): Promise<void> => {
    await Promise.all([...opened.values()].map((place) => place.close()));
    await folder.remove();
  };
  try {
    for (const name of names) opened.set(name, await OPENERS[name](folder.path));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    hosts: [...opened.values()].map(({ host }) => host),
    get(name) {
      const place = opened.get(name);
      if (place === undefined) throw new Error(`Cannot ask anything of "${name}": it was not opened`);
      return place;
    },
    close,
  };
}

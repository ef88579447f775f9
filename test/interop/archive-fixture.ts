import { join } from 'node:path';
import { createTemporaryFolder } from '../peers/temporary-folder.ts';
import { openBucketry } from './bucketry.ts';
import { openStatic } from './directory-places.ts';
import type { ImageName } from './images.ts';
import type { OpenPlace } from './place.ts';
import { expectSuccess } from './refusal.ts';

/** A directory bucket behind `serve --static`, and our own command line between it and the files of other tools. */
export interface ArchiveFixture {
  readonly place: OpenPlace;
  /** A path for a file that is not there yet. */
  path(name: string): string;
  /** Pulls one of the place's images out of the bucket, into `oci:…`, `docker-archive:…`. */
  pull(name: ImageName, target: string): Promise<void>;
  /** Pushes what other tools have made, under a name of its own. @returns the reference by which clients pull it */
  push(source: string, repository: string): Promise<string>;
  close(): Promise<void>;
}

/** Makes the bucket, with the images of the matrix in it, and starts the server. */
export async function openArchiveFixture(): Promise<ArchiveFixture> {
  const folder = await createTemporaryFolder('archives');
  const bucket = join(folder.path, 'bucket');
  const place = await openStatic(bucket);
  const bucketry = await openBucketry();
  const ask = async (...args: string[]): Promise<void> => {
    expectSuccess(await bucketry.run(args));
  };
  return {
    place,
    path: (name) => join(folder.path, name),
    pull: (name, target) => ask('pull', `file:${bucket}//${place.repository}:${name}`, target),
    async push(source, repository) {
      await ask('push', source, `file:${bucket}//made/${repository}:1.0`);
      return `${place.host}/made/${repository}:1.0`;
    },
    async close() {
      await bucketry.close();
      await place.close();
      await folder.remove();
    },
  };
}

import { basename } from 'node:path';
import { peerCacheFolder } from '../test/peers/peer-cache.ts';
import { fileURLToPath } from 'node:url';
import type { Contestant } from './contestants/contestant.ts';
import type { Session } from './open-session.ts';

const project = fileURLToPath(new URL('..', import.meta.url));

/** A contestant's command line with nothing in it that is another on each machine, or in each run. */
export function describeCommand(contestant: Contestant, session: Session): string {
  const home = session.homes.get(contestant)?.path ?? '';
  const words = contestant.command({ ...session.stage, repository: 'REPOSITORY', home });
  const names: readonly (readonly [found: string, said: string])[] = [
    [home, 'HOME'],
    [session.docker?.socket ?? '', 'SOCKET'],
    [session.folder, 'FOLDER'],
    [session.stage.store, 'STORE'],
    [session.stage.registry, 'REGISTRY'],
    [session.stage.secretAccessKey, 'SECRET'],
    [process.execPath, 'node'],
  ];
  return words
    .map((word) => names.filter(([found]) => found !== '').reduce((said, [found, name]) => said.replaceAll(found, name), word))
    .map((word) =>
      word.startsWith(peerCacheFolder()) ? basename(word) : word.replaceAll(project, '').replace(/^\.cache\/bench\/build-\w+\//, ''),
    )
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`))
    .join(' ');
}

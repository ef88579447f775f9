import { createPeerHome } from '../peers/peer-home.ts';
import type { CommandLine } from '../peers/namespace.ts';
import type { PeerCommand } from '../peers/peer-command.ts';
import { runCommand } from '../peers/run-command.ts';

const MAIN = new URL('../../src/cli/main.node.ts', import.meta.url).href;

/** The command line that runs our own sources, never a build that may lie beside them. */
export function bucketryCommand(args: readonly string[]): CommandLine {
  // The second word stands where a script's name does.
  return [
    process.execPath,
    '--input-type=module',
    '--eval',
    `import { runProcess } from '${MAIN}'; await runProcess();`,
    'bucketry',
    ...args,
  ];
}

/** Our own command line as a client like the others: a home of its own, and no other environment than it is given. */
export async function openBucketry(): Promise<PeerCommand> {
  const home = await createPeerHome('bucketry');
  return {
    home: home.path,
    run: (args, options = {}) => runCommand(bucketryCommand(args), { cwd: home.path, ...options, env: { ...home.env, ...options.env } }),
    close: home.remove,
  };
}

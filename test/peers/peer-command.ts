import type { CommandLine } from './namespace.ts';
import { createPeerHome } from './peer-home.ts';
import { peerPath } from './peer-cache.ts';
import type { PeerName } from './peers.ts';
import { runCommand } from './run-command.ts';
import type { CommandOptions, CommandResult } from './run-command.ts';

/** A client that is run once for each thing asked of it, in a home of its own that lasts until `close`. */
export interface PeerCommand {
  /** The client's home; files made in it go away with it. */
  readonly home: string;
  /** Runs the client with these arguments; bounded by 60 s unless told otherwise. */
  run(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  readonly close: () => Promise<void>;
}

/** What a client needs besides its name. */
export interface PeerCommandSetup {
  /** Arguments that stand before the ones given to `run`. */
  readonly globalArgs?: (home: string) => readonly string[];
  /** Puts the command line into another one, which then sees to the `hosts`. */
  readonly wrap?: (command: CommandLine, home: string, hosts: readonly string[]) => CommandLine;
}

/** Prepares a client in a home of its own. Throws where it is not installed. */
export async function openPeerCommand(name: PeerName, setup: PeerCommandSetup = {}): Promise<PeerCommand> {
  const program = peerPath(name);
  const home = await createPeerHome(name);
  const globalArgs = setup.globalArgs?.(home.path) ?? [];
  return {
    home: home.path,
    run(args, options = {}) {
      const command: CommandLine = [program, ...globalArgs, ...args];
      const settled = { cwd: home.path, ...options, env: { ...home.env, ...options.env } };
      if (setup.wrap === undefined) return runCommand(command, settled);
      const wrapped = setup.wrap(command, home.path, options.hosts ?? []);
      return runCommand(wrapped, { ...settled, hosts: [] });
    },
    close: home.remove,
  };
}

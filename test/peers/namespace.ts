/** A program with its arguments, as one value. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** What a command sees otherwise than the rest of the machine. */
export interface NamespaceOptions {
  /**
   * Names that resolve to 127.0.0.1: a bucket at its host's root is `BUCKET.localhost:PORT`, which neither Node nor
   * glibc resolves by itself.
   */
  readonly hosts?: readonly string[] | undefined;
  /** The folder that it sees as `/run`, for a client to find what its daemon keeps there; an empty one by default. */
  readonly runFolder?: string | undefined;
}

/**
 * Runs in the new mount namespace, before the program takes its place. The folders covered up are those where
 * container tools leave sockets, locks and caches behind, wherever else they were told to work.
 */
const ENTER = `
set -e
for folder in /dev/shm /var/lib; do mount -n -t tmpfs tmpfs "$folder"; done
if [ -n "$1" ]; then mount -n --bind "$1" /run; else mount -n -t tmpfs tmpfs /run; fi
if [ -n "$2" ]; then
  file=$(mktemp /run/hosts.XXXXXX)
  { cat /etc/hosts; for host in $2; do echo "127.0.0.1 $host"; done; } >"$file"
  mount -n --bind "$file" /etc/hosts
fi
shift 2
exec "$@"`;

/**
 * The command line that runs another one in mount and process namespaces of its own. Whatever it mounts or starts,
 * helpers that put themselves into the background included, ends with it. Needs root.
 */
export function withNamespaces(command: CommandLine, { hosts = [], runFolder = '' }: NamespaceOptions = {}): CommandLine {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  const enter = ['/bin/sh', '-c', ENTER, 'enter', runFolder, hosts.join(' '), ...command];
  return ['unshare', ...namespaces, '--', ...enter];
}

/** The command line that runs another one with `hosts` resolving to 127.0.0.1; with none, the same one. Needs root. */
export function withHosts(hosts: readonly string[], command: CommandLine): CommandLine {
  return hosts.length === 0 ? command : withNamespaces(command, { hosts });
}

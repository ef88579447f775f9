import { text } from 'node:stream/consumers';
import type { CommandLine } from '../../test/peers/namespace.ts';
import { spawnGroup } from '../../test/peers/process-group.ts';
import type { ProcessGroup } from '../../test/peers/process-group.ts';
import { runCommand } from '../../test/peers/run-command.ts';
import type { CommandOptions, CommandResult } from '../../test/peers/run-command.ts';
import { compileProgram } from '../compile-program.ts';

/** What the link imposes, on each direction by itself. */
export interface LinkShape {
  /** Round trip of a small packet while nothing waits; half of it each way. */
  readonly rttMs: number;
  /** MiB a second of one connection, counted as IP packets. */
  readonly mibPerConnection: number;
  /** MiB a second of all connections together. */
  readonly mibTotal: number;
  /** Every so manieth connection is slower than the others by this factor; none if left out. */
  readonly slow?: { readonly oneIn: number; readonly factor: number } | undefined;
}

/** A client's and a server's network with nothing but the shaped link between them. */
export interface Link {
  readonly shape: LinkShape;
  /** Where clients find what listens on all addresses of the server's side. */
  readonly serverAddress: string;
  /** The program that is the wire, for its processor time. */
  readonly pid: number;
  /** What follows stands before a command to run it on a side: `nsenter --net=… --`. */
  readonly clientPrefix: CommandLine;
  readonly serverPrefix: CommandLine;
  /** Runs a command on the client's side. */
  run(command: CommandLine, options?: CommandOptions): Promise<CommandResult>;
  /** Takes the link away. @returns how many packets it dropped: 0, unless TCP had more under way than its buffers allow by default */
  readonly close: () => Promise<{ readonly droppedPackets: number }>;
}

/** From the block that is set aside for benchmarks of networks (RFC 2544). */
const clientAddress = '198.18.0.2';
const serverAddress = '198.18.0.1';
const mebibyte = 2 ** 20;
const stopGraceMs = 2_000;

/**
 * Opens a link; it is gone with `close` or with this process, however that ends.
 * Throws where `explainNoLink` has a reason.
 */
export async function openLink(shape: LinkShape, signal?: AbortSignal): Promise<Link> {
  const program = await compileProgram(new URL('link.c', import.meta.url), signal);
  const group = await spawnGroup([program, ...formatArguments(shape)]);
  const { ready, rest } = readOutput(group);
  const [pid, clientFd, serverFd] = await ready;
  const prefix = (fd: string | undefined): CommandLine => ['nsenter', `--net=/proc/${pid}/fd/${fd}`, '--'];
  const clientPrefix = prefix(clientFd);
  return {
    shape,
    serverAddress,
    pid: group.pid,
    clientPrefix,
    serverPrefix: prefix(serverFd),
    run: (command, options) => runCommand([...clientPrefix, ...command], options),
    async close() {
      group.endInput('');
      const output = await rest;
      await group.stop(stopGraceMs);
      return { droppedPackets: Number(/dropped (\d+)/.exec(output)?.[1] ?? Number.NaN) };
    },
  };
}

function formatArguments({ rttMs, mibPerConnection, mibTotal, slow }: LinkShape): readonly string[] {
  const delayUs = Math.round((rttMs / 2) * 1000);
  const numbers = [delayUs, mibPerConnection * mebibyte, mibTotal * mebibyte, slow?.oneIn ?? 0, slow?.factor ?? 1];
  return [...numbers.map(String), clientAddress, serverAddress];
}

/** The words of the first line, and all output once it has ended. */
function readOutput(group: ProcessGroup): { readonly ready: Promise<readonly string[]>; readonly rest: Promise<string> } {
  const { promise: ready, resolve, reject } = Promise.withResolvers<readonly string[]>();
  const errors = text(group.stderr);
  let output = '';
  group.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    if (output.includes('\n')) resolve(output.slice(0, output.indexOf('\n')).split(' ').slice(1));
  });
  const end = async (): Promise<string> => {
    await group.ended;
    reject(new Error(`Cannot open a link: ${(await errors).trim()}`)); // does nothing where it was ready
    return output;
  };
  return { ready, rest: end() };
}

import type { Client, ClientSession } from './client.ts';
import { bucketry } from './clients/bucketry.ts';
import { containerd } from './clients/containerd.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import { oras } from './clients/oras.ts';
import { podman } from './clients/podman.ts';
import { regctl } from './clients/regctl.ts';
import { skopeo } from './clients/skopeo.ts';
import type { PeerName } from '../peers/peers.ts';
import type { OpenPlace, PlaceName } from './place.ts';
import { formatReason, Refusal, UNEXPLAINED } from './refusal.ts';
import { listRequestWords } from './request-words.ts';

/** The clients of the matrix, in the order of its tables. */
export const CLIENT_NAMES = ['docker', 'podman', 'containerd', 'skopeo', 'crane', 'oras', 'regctl', 'bucketry'] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];
export const CLIENTS: Readonly<Record<ClientName, Client>> = { docker, podman, containerd, skopeo, crane, oras, regctl, bucketry };

/** `ok`, or a short word for why not. */
export type Cell = string;
/** What happened to one client at one place, by the name of the way. */
export type Column = Readonly<Record<string, Cell>>;

/** All that happened to one client. */
export interface ClientResults {
  /** What it asked of `bucketry serve --static` when it pulled an index of two platforms by tag, each kind of request where it came first. */
  readonly requests: readonly string[];
  readonly columns: Readonly<Record<PlaceName, Column>>;
}

/** The whole matrix, as it is committed beside this file and shown in `docs/compatibility.md`. */
export interface Results {
  readonly clients: Readonly<Record<ClientName, ClientResults>>;
  /** Of every client and server that is not ours, as it says itself. */
  readonly versions: Readonly<Partial<Record<PeerName, string>>>;
}

/** Asks one client everything at one place, one thing after the other. `requests` are undefined where the place keeps no log. */
export async function askClient(
  { ways }: ClientSession,
  place: OpenPlace,
): Promise<{ readonly column: Column; readonly requests: readonly string[] | undefined }> {
  const readLog = await place.record?.();
  const column: Record<string, Cell> = {};
  for (const [title, way] of Object.entries(ways)) column[title] = await way(place).then(() => 'ok', toCell);
  return { column, requests: readLog && listRequestWords(readLog(), place) };
}

/** Cells that say something which no reason explains, each with where it stands. */
export function listUnexplained({ clients }: Results): readonly string[] {
  return Object.entries(clients).flatMap(([client, { columns }]) =>
    Object.entries(columns).flatMap(([place, column]) =>
      Object.entries(column)
        .filter(([, cell]) => cell.startsWith(UNEXPLAINED))
        .map(([title, cell]) => `${client} at ${place}, ${title}: ${cell}`),
    ),
  );
}

function toCell(error: unknown): Cell {
  if (error instanceof Refusal) return formatReason(error);
  throw error;
}

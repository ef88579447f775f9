// Asks every client everything at every place, and writes what happened: results.json and docs/compatibility.md.
//   node test/interop/write-compatibility.ts
import { writeFile } from 'node:fs/promises';
import { askPeerVersion } from '../peers/install-peer.ts';
import type { PeerName } from '../peers/peers.ts';
import { formatCompatibility } from './format-compatibility.ts';
import { askClient, CLIENT_NAMES, CLIENTS, listUnexplained } from './matrix.ts';
import type { ClientName, ClientResults, Column, Results } from './matrix.ts';
import { openPlaces } from './open-places.ts';
import type { Places } from './open-places.ts';
import { PLACE_NAMES, SERVERS } from './place.ts';
import type { PlaceName } from './place.ts';
import { PAGE_FILE, RESULTS_FILE } from './results.ts';

async function askEverywhere(name: ClientName, places: Places): Promise<ClientResults> {
  const session = await CLIENTS[name].open(places.hosts);
  try {
    const columns: [PlaceName, Column][] = [];
    let asked: readonly string[] = [];
    for (const placeName of PLACE_NAMES) {
      console.error(`${name} at ${placeName}`);
      const { column, requests = asked } = await askClient(session, places.get(placeName));
      columns.push([placeName, column]);
      asked = requests;
    }
    return { requests: asked, columns: Object.fromEntries(columns) as Record<PlaceName, Column> };
  } finally {
    await session.close();
  }
}

async function askVersions(): Promise<Results['versions']> {
  const peers = [...CLIENT_NAMES.map((name) => CLIENTS[name].peer), ...PLACE_NAMES.map((name) => SERVERS[name])];
  const versions: [PeerName, string][] = [];
  for (const peer of peers) if (peer !== undefined) versions.push([peer, await askPeerVersion(peer)]);
  return Object.fromEntries(versions);
}

const places = await openPlaces(PLACE_NAMES);
try {
  const clients: [ClientName, ClientResults][] = [];
  for (const name of CLIENT_NAMES) clients.push([name, await askEverywhere(name, places)]);
  const results: Results = { clients: Object.fromEntries(clients) as Results['clients'], versions: await askVersions() };
  const unexplained = listUnexplained(results);
  if (unexplained.length > 0)
    throw new Error(`Cannot write the page: nobody has explained these cells in refusal.ts\n${unexplained.join('\n')}`);
  await writeFile(RESULTS_FILE, `${JSON.stringify(results, undefined, 2)}\n`);
  await writeFile(PAGE_FILE, formatCompatibility(results));
} finally {
  await places.close();
}

import type { Contestant } from './contestants/contestant.ts';
import { openSession } from './open-session.ts';
import type { RecordedRequest } from './requests/start-relay.ts';
import { kindOf } from './requests/summarize-requests.ts';
import { withRelays } from './requests/with-relays.ts';
import { runContestant } from './run-contestant.ts';
import type { RunContestantOptions } from './run-contestant.ts';
import { fillStore } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';
import { repositoryRoot } from './stores/start-store.ts';

/**
 * Runs a scenario's first contestant, ours, through the relays and lists what it asked for and when, seen from the server's side. @returns lines: milliseconds of start and
 * end since the process began, status, bytes sent, what it was for
 */
export async function traceRequests(name: ScenarioName, options: RunContestantOptions): Promise<readonly string[]> {
  const scenario: Scenario = scenarios[name];
  const contestant: Contestant = scenario.contestants[0];
  const session = await openSession(scenario, options.link, options.signal);
  let lines: readonly string[] = [];
  try {
    if (scenario.stored === 'pushed') await fillStore(scenario, session, options);
    await withRelays(session, async (relayed, takeRequests) => {
      const repository = scenario.stored === 'pushed' ? `${repositoryRoot}/stored` : `${repositoryRoot}/traced`;
      const startMs = performance.now();
      const { wallMs, cpuMs } = await runContestant(contestant, session, options, { repository, ...relayed });
      const requests = takeRequests().map((request) => formatRequest(request, startMs));
      lines = [...requests, `${formatMs(wallMs)}          end of the process; ${cpuMs.toFixed(0)} ms of CPU`];
    });
  } finally {
    await session.close();
  }
  return lines;
}

function formatRequest(request: RecordedRequest, processStartMs: number): string {
  const { startMs, endMs, status, sentBytes, path } = request;
  const times = `${formatMs(startMs - processStartMs)} ${formatMs(endMs - processStartMs)}`;
  return `${times}  ${status}  ${String(sentBytes).padStart(9)}  ${kindOf(request).padEnd(20)} ${path.slice(0, 120)}`;
}

function formatMs(ms: number): string {
  return ms.toFixed(0).padStart(6);
}

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodedError, hasCode } from '../../src/errors/coded-error.ts';
import { actsUnder, type ArmedFault, type FaultMode } from '../s3-server/faults.ts';
import { findLeaks, noteError } from './error-texts.ts';
import type { FaultOperation } from './fault-operations.ts';
import { bucketName, type OpenOptions, openStage, type Stage, type StoreName } from './fault-stage.ts';
import { findWrongFiles, type LayoutContents, readLayout, readRefs } from './layout-contents.ts';
import { compareContents, digestOf, findWrongObjects, listContents, readTags, type StoredObject } from './stored-objects.ts';

/** A command on one store, of which one request fails. */
export interface FaultPoint {
  readonly operation: FaultOperation;
  readonly store: StoreName;
  readonly mode: FaultMode;
  /** With the retries of the command line, or without, so that every failure reaches the code above. */
  readonly retries: boolean;
  /** Which request, from 1. */
  readonly at: number;
  readonly before: readonly StoredObject[];
  readonly undisturbed: Outcome;
}

/** What became of it. */
export interface PointResult {
  /** Whether there was such a request. */
  readonly hasFired: boolean;
  readonly hasFailed: boolean;
  /** Unfinished uploads without parts, which nobody knows of since the answer of their creation was lost; the lifecycle rule ends them. */
  readonly orphans: number;
  readonly violations: readonly string[];
}

/** What a finished command leaves: objects, and files of a pull. */
export interface Outcome {
  readonly contents: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
}

/** In memory, where there is such a thing: what a pull writes is forced to the disk, and there are hundreds of pulls. */
const temporaryRoot = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
/** Time that a person takes to type the command again. */
const pauseMs = 5000;

/** The objects that an operation begins with. */
export async function prepareObjects({ prepare }: FaultOperation): Promise<readonly StoredObject[]> {
  return withTheatre('aws', [], async ({ stage, act }) => {
    if (prepare) await act(prepare);
    return stage.server.objects(bucketName);
  });
}

/** What an operation leaves on a store where nothing fails. */
export async function runUndisturbed(operation: FaultOperation, store: StoreName, before: readonly StoredObject[]): Promise<Outcome> {
  return withTheatre(store, before, async ({ act, readOutcome }) => {
    if (operation.prepareEach) await act(operation.prepareEach);
    await act(operation.run, { retries: false });
    return readOutcome();
  });
}

/** Runs a command with its fault, looks at everything, runs it again if it failed, and looks once more. */
export async function tryPoint(point: FaultPoint): Promise<PointResult> {
  const { operation, store, mode, retries, at, before, undisturbed } = point;
  return withTheatre(store, before, async (theatre) => {
    const { stage, act } = theatre;
    const violations: string[] = [];
    if (operation.prepareEach) await act(operation.prepareEach);
    const refsBefore = readRefs(await theatre.readFiles());

    const armed = stage.server.inject({ at, mode, ...(operation.matches && { matches: operation.matches }) });
    const failure = await catchFailure(act(operation.run, { retries, stalls: mode === 'stall' }));
    armed.cancel();
    violations.push(...(await findWrongs(theatre, point)));
    if (failure) {
      violations.push(...judgeError(failure));
      if (retries || !armed.hasFired) violations.push(`failed for good: ${failure.stack}`);
      if (readRefs(await theatre.readFiles()) !== refsBefore) violations.push('failed, and changed the refs of the layout');
      await stage.server.rest();
      stage.clock.advance(pauseMs);
      const again = await catchFailure(act(operation.run, { retries }));
      const isDone = operation.doneCode !== undefined && hasCode(again, operation.doneCode);
      if (again && !isDone) violations.push(`failed again, without a fault: ${again.stack}`);
      violations.push(...(await findWrongs(theatre, point)));
    }
    const { contents } = await theatre.readOutcome();
    violations.push(...compareContents(contents, undisturbed.contents));
    const left = stage.server.uploads(bucketName);
    const mayOrphan = hasLostCreate(armed, stage) || failure !== undefined;
    const orphans = mayOrphan ? left.filter(({ partNumbers }) => partNumbers.length === 0).slice(0, 1) : [];
    violations.push(...left.filter((upload) => !orphans.includes(upload)).map(({ key }) => `${key}: has an unfinished upload`));
    return { hasFired: armed.hasFired, hasFailed: failure !== undefined, orphans: orphans.length, violations };
  });
}

/** What no reader may see, whether the command has ended well or not. */
async function findWrongs(theatre: Theatre, { before, undisturbed }: FaultPoint): Promise<string[]> {
  const objects = theatre.stage.server.objects(bucketName);
  const [tagsBefore, tagsNow] = [readTags(before), readTags(objects)];
  const wrongTags = [...new Set([...tagsBefore.keys(), ...tagsNow.keys()])]
    .filter((tag) => ![tagsBefore.get(tag), undisturbed.tags.get(tag)].includes(tagsNow.get(tag)))
    .map((tag) => `${tag}: names ${tagsNow.get(tag)}, which it neither named before nor should name now`);
  return [...findWrongObjects(objects), ...wrongTags, ...findWrongFiles(await theatre.readFiles())];
}

function judgeError(error: Error): string[] {
  if (!(error instanceof CodedError)) return [`failed with no code: ${error.stack}`];
  const words = error.message.startsWith('Cannot ') && error.message.length > 20 ? [] : [`failed with no words: ${error.message}`];
  return [...words, ...findLeaks(error)];
}

async function catchFailure(run: Promise<void>): Promise<Error | undefined> {
  try {
    await run;
    return undefined;
  } catch (error) {
    noteError(error);
    return error instanceof Error ? error : new Error(`Thrown was ${typeof error}`);
  }
}

/** Whether the fault made the store begin an upload, and lost its id. (A command that fails at a request beside the creation gives that up, too, and nobody hears the id.) */
function hasLostCreate({ fault, hasFired }: ArmedFault, { server }: Stage): boolean {
  const wasCreate = server.requests.some((request) => request.fault !== undefined && request.operation === 'CreateMultipartUpload');
  return hasFired && actsUnder(fault) && wasCreate;
}

/** A stage, and a folder beside it. */
interface Theatre {
  readonly stage: Stage;
  /** Does something as one process does it. */
  readonly act: (work: FaultOperation['run'], options?: OpenOptions) => Promise<void>;
  readonly readFiles: () => Promise<LayoutContents>;
  readonly readOutcome: () => Promise<Outcome>;
}

async function withTheatre<T>(store: StoreName, before: readonly StoredObject[], use: (theatre: Theatre) => Promise<T>): Promise<T> {
  const stage = await openStage(store, before);
  const folder = await mkdtemp(join(temporaryRoot, 'bkt-fault-'));
  const readFiles = (): Promise<LayoutContents> => readLayout(folder);
  try {
    return await use({
      stage,
      readFiles,
      async act(work, options) {
        const bucket = stage.openBucket(options);
        try {
          await work({ bucket, clock: stage.clock, folder });
        } finally {
          await bucket.close();
        }
      },
      async readOutcome() {
        const objects = stage.server.objects(bucketName);
        const files = [...(await readFiles())].map(([name, bytes]) => [`layout ${name}`, digestOf(bytes)] as const);
        return { contents: new Map([...listContents(objects), ...files]), tags: readTags(objects) };
      },
    });
  } finally {
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  }
}

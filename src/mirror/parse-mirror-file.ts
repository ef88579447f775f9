import * as v from 'valibot';
import { hasCode } from '../errors/coded-error.ts';
import { parsePlatform } from '../oci/platform.ts';
import { parseRegistryReference } from '../oci/reference.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { type MirrorFileRepository, mirrorFileSchema, type MirrorSettings, schemaOfRepository } from './mirror-file-schema.ts';
import type { MirrorJob } from './mirror-job.ts';
import { parsePruneBound } from './prune-bound.ts';
import { createTagSelector } from './select-tags.ts';
import { parseYaml, type YamlFile, type YamlPath } from './yaml-lines.ts';

/** What a file asks for. */
export interface MirrorFile {
  /** The place of the bucket, as written. */
  readonly bucket: string | undefined;
  readonly jobs: readonly MirrorJob[];
}

const defaultBound = '10%';

/**
 * Reads a file of repositories (docs/mirror.md).
 * @param name as messages name it
 * @throws RegistryError `input-invalid`, with the line of the first mistake
 */
export function parseMirrorFile(text: string, name: string): MirrorFile {
  const file = parseYaml(text, name);
  const { bucket, defaults = {}, repositories } = check(file, mirrorFileSchema, file.value, []);
  const jobs: MirrorJob[] = [];
  const targets = new Set<string>();
  for (const [index, item] of repositories.entries()) {
    const path = ['repositories', index];
    const job = readJob(file, path, defaults, check(file, schemaOfRepository(item), item, path));
    if (targets.has(job.target)) {
      throw file.mistake(path, `"${job.target}" is written to already: each repository of the bucket has one source`);
    }
    targets.add(job.target);
    jobs.push(job);
  }
  return { bucket, jobs };
}

function check<S extends v.GenericSchema>(file: YamlFile, schema: S, value: unknown, at: YamlPath): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = [...at, ...(issue.path ?? []).map(({ key }) => key as string | number)];
  const last = path.at(-1);
  throw file.mistake(
    path,
    last === undefined ? issue.message : `${typeof last === 'number' ? `item ${last + 1}` : `"${last}"`}: ${issue.message}`,
  );
}

function readJob(file: YamlFile, path: YamlPath, defaults: MirrorSettings, own: MirrorFileRepository): MirrorJob {
  const settings = { ...defaults, ...own };
  /** Tells a mistake where it stands: at the repository, else among the defaults. */
  const read = <T>(key: keyof MirrorFileRepository, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      if (!hasCode(error)) throw error;
      throw file.mistake(own[key] === undefined ? ['defaults', key] : [...path, key], error.message, error);
    }
  };
  const { host, repository } = read('from', () => readSource(own.from));
  const { tags, semver, latest, prune = false, maxPrune = defaultBound, referrers = true } = settings;
  read('tags', () => createTagSelector({ tags }));
  read('semver', () => createTagSelector({ semver }));
  const bound = read('maxPrune', () => parsePruneBound(maxPrune));
  return {
    host,
    repository,
    target: read('to', () => parseRepositoryName(own.to ?? repository)),
    selection: { tags, semver, latest },
    platforms: read('platforms', () => settings.platforms?.map(parsePlatform)),
    referrers,
    prune: prune ? bound : undefined,
  };
}

function readSource(from: string): Pick<MirrorJob, 'host' | 'repository'> {
  const { host, repository } = parseRegistryReference(from);
  // A tag here would be taken for the only one, or be passed over
  parseRepositoryName(from.slice(from.lastIndexOf('/') + 1));
  return { host, repository };
}

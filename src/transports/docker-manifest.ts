import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import { nullish } from '../oci/descriptor.ts';
import { maxManifestBytes } from '../oci/manifest.ts';
import { parseJson, validateJson } from '../oci/parse-json.ts';
import { formatRegistryReference, parseRegistryReference, type RegistryReference } from '../oci/reference.ts';

/** One image of an archive for `docker load`, as its `manifest.json` lists it: names of files in the archive. */
export interface DockerImage {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | undefined;
  /** The lowest first, one for each diff ID of the config. */
  readonly Layers: readonly string[];
}

const schema: v.GenericSchema<unknown, DockerImage[]> = v.array(
  v.object({
    Config: v.string('the name of a config is missing'),
    RepoTags: nullish(v.array(v.string())),
    Layers: v.pipe(
      v.nullish(v.array(v.string()), []),
      v.transform((layers) => layers ?? []),
    ),
  }),
);

/**
 * Reads the `manifest.json` of an archive.
 * @throws RegistryError `manifest-invalid`
 */
export function parseDockerManifest(bytes: Uint8Array): readonly DockerImage[] {
  const what = 'the manifest.json of the archive';
  return validateJson(schema, parseJson(bytes, maxManifestBytes, what), what);
}

/** The bytes of a `manifest.json` of one image. */
export function formatDockerManifest({ Config, RepoTags, Layers }: DockerImage): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([{ Config, RepoTags: RepoTags ?? null, Layers }]));
}

/**
 * The image that a place names, by Docker's habits (`app` is `docker.io/library/app:latest`), or without a name the only one.
 * @throws RegistryError `tag-missing`, `reference-ambiguous`, `manifest-missing`
 */
export function chooseDockerImage(images: readonly DockerImage[], reference: RegistryReference | undefined, location: string): DockerImage {
  const wanted = reference && formatRegistryReference(reference);
  const matching = wanted === undefined ? images : images.filter((image) => image.RepoTags?.some((name) => spellOut(name) === wanted));
  const [first, ...others] = matching;
  const names = images.flatMap((image) => image.RepoTags ?? []).map((name) => JSON.stringify(name.slice(0, 300)));
  const there = names.join(', ') || 'no names';
  if (first !== undefined && others.length === 0) return first;
  if (first !== undefined) {
    throw new RegistryError('reference-ambiguous', `Cannot choose an image of "${location}": it has ${images.length} images, ${there}`, {
      hint: 'Add one of these names after the path and a colon.',
    });
  }
  if (wanted === undefined)
    throw new RegistryError('manifest-missing', `Cannot find an image in "${location}": its manifest.json is empty`);
  throw new RegistryError('tag-missing', `Cannot find "${wanted}" in "${location}": it has ${there}`);
}

/** A name with all that it leaves out; as it is, where it is no reference. */
function spellOut(name: string): string {
  try {
    return formatRegistryReference(parseRegistryReference(name));
  } catch {
    return name;
  }
}

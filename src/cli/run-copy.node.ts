import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { hostPlatform } from '../runtime/host-platform.node.ts';
import { copyCompanions } from '../transfer/copy-companions.ts';
import { copyImage, type CopyOptions, type CopyResult } from '../transfer/copy-image.ts';
import type { ImageSource } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import type { CommandContext } from './command.ts';
import type { FlagValues } from './flags.ts';
import type { FollowOptions } from './output/output.ts';
import { formatCount } from './output/format-quantity.ts';
import { type CopyFlags, parsePlatforms } from './shared-flags.ts';
import { writeOutputFile } from './write-output-file.node.ts';

/** What the flags of a command say of a copy, and how its layers are packed, if they are; and how it is shown. */
export type CopyChoices = FlagValues<CopyFlags> & Pick<CopyOptions, 'packer'> & FollowOptions;

/**
 * Copies an image as the flags of `push` and `pull` say, and shows how it goes.
 * @throws CodedError what failed; for `aborted` with a hint of how to go on
 */
export async function runCopy(
  source: ImageSource,
  target: ImageTarget,
  choices: CopyChoices,
  { output, signal, commandLine }: Pick<CommandContext, 'output' | 'signal' | 'commandLine'>,
): Promise<CopyResult> {
  const platforms = parsePlatforms(choices.platform);
  let copied: CopyResult;
  let companions: readonly string[] = [];
  const display = await output.followCopy(choices);
  try {
    const { referrers, concurrency, packer, abort: discard } = choices;
    const options = { platforms, hostPlatform: hostPlatform(), referrers, concurrency, packer, discard, signal };
    copied = await copyImage(source, target, { ...options, onEvent: (event) => display.onEvent(event) });
    if (referrers) companions = await copyCompanions(source, target, copied, options);
  } catch (error) {
    throw hasCode(error, 'aborted') ? explainStop(error, choices.abort, commandLine) : error;
  } finally {
    display.end();
  }
  if (companions.length > 0) output.note(`${formatCount(companions.length, 'tag')} of cosign's copied, too.`);
  const { foreignLayers } = copied.summary;
  if (foreignLayers > 0) output.note(`${formatCount(foreignLayers, 'foreign layer')} left out: clients fetch them from their own URLs.`);
  return copied;
}

/**
 * Writes a digest and a newline, if a file was asked for.
 * @throws RegistryError `output-failed`
 */
export async function writeDigestFile(path: string | undefined, digest: string): Promise<void> {
  if (path !== undefined) await writeOutputFile(path, 'digest', `${digest}\n`);
}

function explainStop(error: Error, isDiscarded: boolean, commandLine: string): RegistryError {
  const hint = isDiscarded
    ? 'The uploads that this run began were discarded.'
    : `What was copied is visible to nobody, and is kept for a later run where it can be. The same command goes on from there: ${commandLine}`;
  return new RegistryError('aborted', error.message, { cause: error, hint });
}

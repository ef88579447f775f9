import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

const windowsEndings = ['.exe', '.cmd', ''] as const;

/** Whether a program is on PATH. */
export async function hasProgram(name: string, environment: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const endings = process.platform === 'win32' ? windowsEndings : [''];
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const files = folders.flatMap((folder) => endings.map((ending) => join(folder, `${name}${ending}`)));
  const found = await Promise.all(
    files.map((file) =>
      access(file, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

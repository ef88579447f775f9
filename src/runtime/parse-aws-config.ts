/** Settings by section, as AWS's configuration files have them: `[profile x]`, `[services x]`. */
export type AwsConfig = ReadonlyMap<string, AwsSection>;

/** Settings of a section; those of an indented block stand under `key.name`. */
export type AwsSection = ReadonlyMap<string, string>;

/**
 * Reads `~/.aws/config`. Never fails: a line that is none of a setting is left out, as AWS's own tools do.
 *
 * ```
 * [profile images]
 * region = eu-central-1
 * services = store
 * [services store]
 * s3 =
 *   endpoint_url = https://store.example
 * ```
 */
export function parseAwsConfig(text: string): AwsConfig {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let block = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const [, heading] = /^\[([^\]]+)\]/.exec(line) ?? [];
    if (heading !== undefined) {
      const name = heading.trim().replace(/\s+/g, ' ');
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      continue;
    }
    const [, indent, key, value] = /^(\s*)([^=\s]+)\s*=\s*([^]*)$/.exec(withoutComment(line)) ?? [];
    if (section === undefined || indent === undefined || key === undefined || value === undefined) continue;
    if (indent === '') block = key;
    section.set(indent === '' ? key : `${block}.${key}`, value);
  }
  return sections;
}

/** A comment has a blank before it. Without a pattern for all of these, whose time would grow with the square of their number. */
function withoutComment(line: string): string {
  const comment = line.search(/\s[#;]/);
  return (comment < 0 ? line : line.slice(0, comment)).trimEnd();
}

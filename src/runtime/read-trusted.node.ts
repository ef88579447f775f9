/**
 * The authorities that every connection trusts besides Node's own: those of `SSL_CERT_FILE`, which `--ca-file` sets. Loads what reads them only where there are some.
 * @returns undefined: Node's own alone
 * @throws RegistryError `input-missing`, `input-invalid`
 */
export async function readTrusted(
  environment: Readonly<Record<string, string | undefined>>,
  besides: readonly string[] = [],
): Promise<readonly string[] | undefined> {
  const everywhere = environment['SSL_CERT_FILE'];
  const paths = everywhere ? [everywhere, ...besides] : besides;
  if (paths.length === 0) return undefined;
  const { readAuthorities } = await import('../http/authorities.node.ts');
  return readAuthorities(paths);
}

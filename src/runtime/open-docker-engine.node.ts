import { type DockerEngine, openDockerEngine } from '../remote/docker-engine.node.ts';
import { findDockerHost } from '../remote/docker-host.node.ts';

/** Opens the daemon that `docker` would speak to in this environment. */
export async function openEnvironmentEngine(environment: Readonly<Record<string, string | undefined>>): Promise<DockerEngine> {
  return openDockerEngine(await findDockerHost(environment), environment['DOCKER_API_VERSION']);
}

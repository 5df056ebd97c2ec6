import { NotPermittedError, type RemoteEdge } from "./remote-edge.js";

/**
 * Stops before anything is done where an edge does not let its deploy user be root. One that cannot
 * be reached is found out about by what comes next.
 *
 * @throws NotPermittedError with the rule that doas.conf(5) needs
 */
export async function requireRoot(edges: readonly Pick<RemoteEdge, "run">[]): Promise<void> {
  await Promise.all(
    edges.map((edge) =>
      edge.run("true").catch((error: Error) => {
        if (error instanceof NotPermittedError) throw error;
      }),
    ),
  );
}

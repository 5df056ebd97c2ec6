import type { RemoteEdge } from "../remote-edge.js";
import type { Mend } from "./cluster.js";

const MARK = "/var/run/edge-sync/drill";
/** Seconds after which a mark counts no more, should nobody be able to take it off. */
const LASTS = 900;

/**
 * Marks the edges, so that what edge-notify(8) tells people meanwhile bears the drill's name.
 * @returns how to take the marks off; an edge that lost its power has none any more
 */
export async function announceDrill(name: string, edges: readonly RemoteEdge[]): Promise<Mend> {
  const onAll = (command: string) =>
    Promise.all(edges.map((edge) => edge.run(`${command}; /usr/local/sbin/edge-sync pass`)));
  const until = `$(($(date +%s) + ${LASTS}))`;
  await onAll(
    `umask 077; echo "{\\"name\\":\\"${name}\\",\\"until\\":${until}}" >${MARK}.new && mv ${MARK}.new ${MARK}`,
  );
  return async () => {
    await onAll(`rm -f ${MARK}`).catch(() => {});
  };
}

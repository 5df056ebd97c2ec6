/** The commands that an installation has: `npx cdktf-ovh-edge COMMAND`. */
export const COMMANDS = [
  "accept",
  "config:check",
  "credentials",
  "demo",
  "diagram",
  "diff-comment",
  "doctor",
  "drill",
  "eject",
  "estimate",
  "fault",
  "policy",
  "render",
  "simulator",
  "ssh",
  "state:bootstrap",
  "status",
] as const;

/** What is cdktf's own command in an installation, as the app there is the user's. */
const OF_CDKTF = ["deploy", "diff"];

/** Whether this package is installed in a project, and not run from its checkout. */
export const INSTALLED = /\/node_modules\//.test(import.meta.url);

/**
 * A text for people, whose commands are written as in a checkout: `npm run doctor -- --strict`. In an installation it
 * names them as they are started there, `npx cdktf-ovh-edge doctor --strict` or `npx cdktf diff`, and says of those that
 * an installation lacks where they are.
 */
export function runnable(text: string, installed = INSTALLED): string {
  if (!installed) return text;
  return text.replace(/\bnpm run (?:-s )?([a-z]+(?:[:-][a-z]+)*)( --(?=\s|$))?/g, (found, name: string) => {
    if (OF_CDKTF.includes(name)) return `npx cdktf ${name}`;
    return COMMANDS.some((one) => one === name) ? `npx cdktf-ovh-edge ${name}` : `${found} in a checkout`;
  });
}

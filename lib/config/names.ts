import { text } from "./fields.js";

/** Name of an edge. */
export const NAME = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** Whatever a person names at OVH. */
export const FREE_NAME = /^[A-Za-z0-9][A-Za-z0-9 ._()/+-]{0,62}$/;

/** An id that OVH gave to something. */
export const identifier = (what: string) =>
  text(
    IDENTIFIER,
    "an id of letters, digits, dots, dashes and underscores",
    `copy the id of the ${what} from OVH`,
  );

/** The name of a flavor. */
export const flavorName = text(
  IDENTIFIER,
  "the name of a flavor",
  "choose one that the region has, such as b3-8",
);

/** The name of an edge. */
export const edgeName = text(
  NAME,
  "1 to 32 lower-case letters, digits and dashes that begin with a letter",
  "use a host name such as edge-a",
);

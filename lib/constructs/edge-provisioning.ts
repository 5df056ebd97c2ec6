import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Resource } from "@cdktf/provider-null/lib/resource/index.js";
import {
  AssetType,
  DataResource,
  Fn,
  type ITerraformDependable,
  TerraformAsset,
  TerraformLocal,
  Token,
} from "cdktf";
import { Construct } from "constructs";
import { bundle, sha256 } from "../edge/bundle.js";
import { INSTALLER } from "../edge/doas.js";
import { LINE_FILES, type RenderedEdge } from "../edge/file.js";
import { PLACEHOLDERS, type Placeholder, placeholdersIn, SECRETS } from "../edge/placeholders.js";
import { REMOVAL, removalInput, removalProvisioner } from "./edge-removal.js";
import { installSteps } from "./install-steps.js";
import { portText, type SshTarget } from "./ssh-connection.js";

/** Props of the delivery of one edge. */
export interface EdgeProvisioningProps {
  /** What is put on the edge. */
  readonly edge: RenderedEdge;
  /** Values for the placeholders in it; for every one that it has. */
  readonly values: Readonly<Partial<Record<Placeholder, string>>>;
  readonly target: SshTarget;
  /** Random text that is the same in every run, so that a digest tells nothing about what it is of. */
  readonly salt: string;
  /** Deliveries that must have succeeded before this one begins. @default - none */
  readonly after?: readonly EdgeProvisioning[];
  /** What else must be there before it begins. @default - nothing */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/**
 * Puts one edge's files on it, over SSH, whenever they change.
 *
 * Two resources: `deliver`, whose triggers hold a salted digest and no destroy provisioner, and
 * `removal`, which only removes. With both in one, each change would take every edge down first,
 * because all destroys run before any create.
 */
export class EdgeProvisioning extends Construct implements ITerraformDependable {
  /** Salted digest of what was delivered. */
  readonly digest: string;
  private readonly deliver: Resource;

  constructor(scope: Construct, id: string, props: EdgeProvisioningProps) {
    super(scope, id);
    const { edge, target, salt, after = [], dependsOn = [] } = props;
    const { text, lateDigests, installer } = bundle(edge);
    const late = new Map(
      lateDigests.map(({ content: file }, index) => [file, this.fill(`file-${index}`, file, props)]),
    );
    const filled = lateDigests.reduce(
      (content, { placeholder, content: file }) =>
        Fn.replace(content, placeholder, Fn.sha256(late.get(file) as string)),
      this.fill("bundle", text, props),
    );
    const content = new TerraformLocal(this, "content", filled).asString;
    this.digest = Token.asString(Fn.nonsensitive(Fn.sha256(Fn.join("", [salt, content]))));
    const removal = new DataResource(this, REMOVAL, { input: removalInput(target) });
    removal.addOverride("provisioner", [removalProvisioner(this, target)]);
    this.deliver = new Resource(this, "deliver", {
      triggers: {
        bundle: this.digest,
        host: target.host,
        port: portText(target.port),
        user: target.user,
        ...this.fileDigests(edge, late, salt),
      },
      dependsOn: [removal, ...after.map(({ deliver }) => deliver), ...dependsOn],
      provisioners: installSteps(this, target, {
        edge: edge.name,
        content,
        digest: this.digest,
        installer,
        installerDigest: sha256(installerOf(edge)),
      }),
    });
  }

  /** Address of the delivering resource, for `dependsOn`. */
  get fqn(): string {
    return this.deliver.fqn;
  }

  /**
   * A digest of each file by its path, so that a plan tells which of them are new. `bundle`
   * covers all of it, modes and MAC addresses too.
   */
  private fileDigests(
    { files, lines }: RenderedEdge,
    late: ReadonlyMap<string, string>,
    salt: string,
  ): Record<string, string> {
    const own = [...late].map(([text, filled], index): [string, string] => {
      const local = new TerraformLocal(this, `late-${index}`, filled).asString;
      const digest = Fn.sha256(Fn.join("", [salt, local]));
      const secret = placeholdersIn(text).some((name) => SECRETS.includes(name));
      return [text, Token.asString(secret ? Fn.nonsensitive(digest) : digest)];
    });
    const digests = new Map(own);
    return Object.fromEntries([
      ...files.map(({ path, content }) => [path, digests.get(content) ?? sha256(content)]),
      ...lines.map((line) => [LINE_FILES[line.in], sha256(line.text)]),
    ]);
  }

  /** A text of ours as an asset, with its placeholders filled when Terraform runs. */
  private fill(name: string, text: string, { values }: EdgeProvisioningProps): string {
    const asset = new TerraformAsset(this, name, { path: scratchFile(name, text), type: AssetType.FILE });
    return placeholdersIn(text).reduce(
      (content, placeholder) =>
        Fn.replace(content, PLACEHOLDERS[placeholder], valueNamed(values, placeholder)),
      Fn.file(asset.path),
    );
  }
}

function installerOf({ files }: RenderedEdge): string {
  return files.find(({ path }) => path === INSTALLER)?.content ?? "";
}

function valueNamed(values: EdgeProvisioningProps["values"], name: Placeholder): string {
  const value = values[name];
  if (value === undefined)
    throw new Error(`values must name ${name}, which the files have, got nothing; add it`);
  return value;
}

const scratch: string[] = [];

/** A file that lives until this process ends; synthesis copies it into the stack's assets. */
function scratchFile(name: string, text: string): string {
  if (scratch.length === 0) {
    const folder = mkdtempSync(join(tmpdir(), "cdktf-ovh-edge-"));
    scratch.push(folder);
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
  const folder = mkdtempSync(join(scratch[0] as string, "asset-"));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

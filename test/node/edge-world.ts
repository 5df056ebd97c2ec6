import { expect } from "vitest";
import type { Action, Answer, Claim, Memory, Observation } from "./decider.js";
import { decide, SOUND } from "./watched-edge.js";

/** What becomes of a claim, and how many seconds it takes. */
export interface ClaimFate {
  readonly end:
    | "arrives"
    | "fails"
    | "times out"
    | "is refused"
    | "is killed before its POST"
    | "is killed after its POST"
    | "vanishes";
  readonly takes: number;
  readonly status?: number;
  readonly retry?: number;
}

/** Something that happens to an edge. */
export type Happening =
  | { readonly what: "carp"; readonly becomes: "MASTER" | "BACKUP" | "INIT" }
  | { readonly what: "external" | "internal" | "probe" | "api" | "hold" | "drain" | "kernel" }
  | { readonly what: "route"; readonly to: "here" | "elsewhere" | "pending" }
  | { readonly what: "fate"; readonly fate: ClaimFate }
  | { readonly what: "nothing" };

interface Running {
  readonly started: number;
  readonly ends: number;
}

/**
 * An edge in a world where anything happens in any order. Each pass is held against what must
 * hold whatever happens; what the edge does takes effect.
 */
export class EdgeWorld {
  now = 1000;
  charged = 0;
  posts: number[] = [];
  passes = 0;
  private readonly begun = this.now;
  private memory: Memory = {};
  private sees: Observation = { ...SOUND, probe: null };
  private answers = { probe: true, api: true };
  private kernelOnes = 0;
  private route: "here" | "elsewhere" | "pending" = "elsewhere";
  private check: Running | undefined;
  private claim: (Running & { fate: ClaimFate; postAt: number; posted: boolean }) | undefined;
  private ended: Claim | null | undefined;
  private fate: ClaimFate = { end: "arrives", takes: 5 };
  private refusedUntil = 0;
  /** The last answer that may be believed; a POST makes all before it void. */
  private evidence: "here" | "elsewhere" | undefined;

  happen(happening: Happening): void {
    const { sees } = this;
    switch (happening.what) {
      case "carp":
        this.sees = { ...sees, carp: happening.becomes };
        break;
      case "external":
      case "internal":
        this.sees = { ...sees, [happening.what]: sees[happening.what] === "up" ? "down" : "up" };
        break;
      case "probe":
      case "api":
        this.answers = { ...this.answers, [happening.what]: !this.answers[happening.what] };
        break;
      case "hold":
        this.sees = { ...sees, hold: sees.hold === null ? { reason: "x" } : null };
        break;
      case "drain":
        this.sees = { ...sees, drain: !sees.drain };
        break;
      case "kernel": {
        const by = this.kernelOnes === 0 ? 1 : -1;
        this.kernelOnes += by;
        this.sees = {
          ...sees,
          edgefault: (sees.edgefault ?? 0) + by,
          edgedrain: (sees.edgedrain ?? 0) + by,
        };
        break;
      }
      case "route":
        this.route = happening.to;
        break;
      case "fate":
        this.fate = happening.fate;
        break;
      case "nothing":
    }
  }

  /** Lets time pass, with a pass whenever something in the background ends, and one at the end. */
  async wait(seconds: number): Promise<void> {
    const until = this.now + seconds;
    for (;;) {
      const next = Math.min(
        this.check?.ends ?? Number.POSITIVE_INFINITY,
        this.claim === undefined
          ? Number.POSITIVE_INFINITY
          : this.claim.postAt > this.now
            ? this.claim.postAt
            : this.claim.ends,
        this.now + 10,
      );
      if (next >= until) break;
      this.now = next;
      this.background();
      await this.pass();
    }
    this.now = until;
    this.background();
    await this.pass();
  }

  private background(): void {
    const { check, claim, now } = this;
    if (check !== undefined && check.ends <= now) {
      this.check = undefined;
      const result: Answer = this.answers.api ? this.route : "none";
      this.sees = { ...this.sees, check: { result, started: check.started } };
      const lastPost = this.posts.at(-1) ?? 0;
      if (check.started > lastPost && (result === "here" || result === "elsewhere")) this.evidence = result;
    }
    if (claim === undefined) return;
    const { end } = claim.fate;
    if (!claim.posted && claim.postAt <= now && end !== "is killed before its POST" && end !== "vanishes") {
      claim.posted = true;
      this.posts.push(now);
      this.evidence = undefined;
    }
    if (claim.ends > now) return;
    this.claim = undefined;
    this.ended = this.outcome(claim.fate);
    if (this.ended === null) this.evidence = undefined;
    if (this.ended?.refused) this.refusedUntil = claim.started + 10;
    else if (this.ended === null || this.ended.posted) this.charged++;
    if (this.ended?.result === "here" || this.ended?.result === "elsewhere")
      this.evidence = this.ended.result;
  }

  private outcome({ end, status = 7, retry }: ClaimFate): Claim | null {
    const done = { running: false, posted: true, accepted: true };
    switch (end) {
      case "arrives":
        this.route = "here";
        return { ...done, status: 0, result: "here" };
      case "fails":
        return { ...done, status: 6, result: "elsewhere" };
      case "times out":
        return { ...done, status: 5, result: "none" };
      case "is refused":
        return { ...done, accepted: undefined, refused: true, status, retry, result: "none" };
      case "is killed before its POST":
        return { running: false, posted: false, result: "none" };
      case "is killed after its POST":
        return { running: false, posted: true, result: "none" };
      case "vanishes":
        return null;
    }
  }

  private observe(): Observation {
    const { claim, memory, now } = this;
    const running: Claim | null = claim === undefined ? null : { running: true, posted: claim.posted };
    return {
      ...this.sees,
      now,
      probe: { ok: this.answers.probe, age: 1 },
      checking: this.check !== undefined,
      claim: memory.claim === undefined ? null : (running ?? this.ended ?? null),
    };
  }

  private async pass(): Promise<void> {
    this.passes++;
    const sees = this.observe();
    const { do: actions, memory } = await decide(sees, this.memory);
    this.memory = memory;
    for (const action of actions) this.mustBeAllowed(action, sees);
    this.mustBeSound(sees);
    if (memory.claim === undefined) this.ended = undefined;
    for (const action of actions) this.act(action);
    await this.mustBeDone();
  }

  private act(action: Action): void {
    const { sees, now } = this;
    if (action[0] === "demote" || action[0] === "promote") {
      const group = action[1] as "edgefault" | "edgedrain";
      const by = action[0] === "demote" ? action[2] : -action[2];
      this.sees = { ...sees, [group]: (sees[group] ?? 0) + by };
    } else if (action[0] === "alias") this.sees = { ...sees, alias: action[1] === "on" };
    else if (action[0] === "check")
      this.check = { started: now + 0.01, ends: now + (this.answers.api ? 1 : 20) };
    else if (action[0] === "claim") {
      const { fate } = this;
      this.claim = {
        started: now,
        postAt: now + fate.takes / 3,
        ends: now + fate.takes,
        fate,
        posted: false,
      };
    }
  }

  /** No single action breaks a rule. */
  private mustBeAllowed(action: Action, sees: Observation): void {
    const { known, tokens } = this.memory;
    switch (action[0]) {
      case "demote":
      case "promote": {
        const weight = { edgefault: 64, edgedrain: 16 }[action[1]];
        expect(action[2], `only whole weights of edgefault and edgedrain: ${action}`).toBe(weight);
        const present = (sees[action[1] as "edgefault"] ?? 0) >= (weight ?? 0);
        expect(present, `what is there is not added, what is not there is not taken: ${action}`).toBe(
          action[0] === "promote",
        );
        expect(sees.hold, `nothing is demoted on hold: ${action}`).toBeNull();
        break;
      }
      case "alias":
        if (action[1] === "on")
          expect([sees.carp, known], "alias on").toContain(sees.carp === "MASTER" ? "MASTER" : "here");
        else
          expect(
            {
              carp: sees.carp === "MASTER",
              known,
              hold: sees.hold,
              claims: sees.claim?.running ?? false,
            },
            "alias off",
          ).toEqual({
            carp: false,
            known: "elsewhere",
            hold: null,
            claims: false,
          });
        break;
      case "check":
        expect({ claim: sees.claim?.running ?? false, checking: sees.checking }, "a check").toEqual({
          claim: false,
          checking: false,
        });
        break;
      case "claim":
        expect(
          { ...sees, known, blind: Boolean(this.memory.blind), running: sees.claim?.running ?? false },
          "a claim",
        ).toMatchObject({
          carp: "MASTER",
          external: "up",
          internal: "up",
          hold: null,
          known: "elsewhere",
          blind: false,
          running: false,
        });
        expect(tokens, "a claim needs a token").toBeGreaterThan(0);
        expect(this.now, "a refused claim is tried once a poll").toBeGreaterThanOrEqual(
          this.refusedUntil - 1,
        );
        break;
      case "log":
        expect(["notice", "warning"]).toContain(action[1]);
    }
  }

  /** What is remembered is sound. */
  private mustBeSound({ claim, carp }: Observation): void {
    const { known, tokens, blind } = this.memory;
    expect([0, 1, 2, 3], "tokens").toContain(tokens);
    expect(this.charged, "claims that cost a token").toBeLessThanOrEqual(
      3 + Math.floor((this.now - this.begun) / 900),
    );
    if (claim?.running && claim.posted) expect(known, "from the POST on").toBe("?");
    if (known !== "?")
      expect(known, "what is known, by the last answer that may be believed").toBe(this.evidence);
    if (blind && carp === "MASTER") expect(known, "blind").not.toBe("here");
  }

  /** A second pass at the same moment has nothing left to do. */
  private async mustBeDone(): Promise<void> {
    const again = await decide(this.observe(), this.memory);
    expect(again.do, "a second pass at once does nothing").toEqual([]);
    this.memory = again.memory;
  }
}

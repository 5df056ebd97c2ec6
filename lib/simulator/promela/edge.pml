/*
 * The failover of N edges as a Promela model: carp(4) elects, edge-sync decides by its twelve
 * rules, ip-move claims, OVH routes. Written from the rules and from what is known of CARP and of
 * OVH's API, apart from the programs and from the other models, so that it can disagree with them.
 *
 * Time is counted in rounds: one round is one poll period (10 s). Within a round every living edge
 * polls exactly once, and everything that is fast (elections, passes, checks, a claim up to its
 * POST) comes to its end, in any order; what is slow (a move, a claim that waits for one) may cross
 * into the next round once. So no fairness is assumed: "at last and for ever" means that after the
 * last fault K rounds pass, and from then on the judgement holds in each state of each round.
 *
 * A violation is noted and the search goes on, so that one run gives the verdict on every
 * invariant; with EDGE_STOP=<number> the search ends at that invariant's first violation, with a trail.
 * What varies comes from the environment of the verifier (see `prepare`); N is compiled in.
 * The comments behind the numbers below are read by spin.ts: "name: what it says".
 */

#ifndef N
#define N 2
#endif
#define NOBODY N

/* Invariants. */
#define S1 0 /* S1: a POST leaves an edge only if its last look at carp0, after the settle time, said MASTER and its last pass found it healthy */
#define S2 1 /* S2: edgefault is absent or present once, and edge-sync writes no other group but edgedrain */
#define S3 2 /* S3: an alias is removed only from an edge that is not MASTER, after a check since its last POST that said elsewhere and not pending */
#define S4 3 /* S4: an edge has at most three POSTs accepted for which no token has come back */
#define S5 4 /* S5: an edge runs at most one claim, and a claim sends at most one POST */
#define S6 5 /* S6: no POST, alias removal or demotion under hold */
#define L1 6 /* L1: after the last fault the IP is at last and for ever routed to a sound edge that has the alias */
#define L2 7 /* L2: then there is one MASTER, it holds the route unless it cannot reach OVH, and nothing is left over */
#define L3 8 /* L3: a sound edge that the IP is routed to ends up with the alias, whatever else is broken */

/* Faults. */
#define F_DIE 0 /* die: an edge loses power, and may boot again */
#define F_REBOOT 1 /* reboot: an edge goes down in order, with a bow-out, and may boot again */
#define F_EXTERNAL 2 /* external: an edge loses its external link */
#define F_INTERNAL 3 /* internal: an edge loses its internal link */
#define F_CARP 4 /* carp: an edge loses the link of its CARP interface */
#define F_PARTITION 5 /* partition: one edge and the others do not hear each other, links stay up */
#define F_PROBE 6 /* probe: the probe's targets do not answer one edge, or any */
#define F_UPSTREAM 7 /* upstream: nothing passes an edge's external link, which stays up */
#define F_API 8 /* api: OVH's API answers nobody */
#define F_WAY 9 /* way: OVH's API does not answer one edge */
#define F_REFUSED 10 /* refused: OVH refuses a POST */
#define F_REPLY 11 /* reply: the answer to a POST is lost */
#define F_LATE 12 /* late: OVH takes a POST up later */
#define F_ROUTE 13 /* route: OVH routes the IP to nothing, and a move under way is lost */
#define F_CLAIM 14 /* claim: a claim is killed */
#define F_DAEMON 15 /* daemon: ifstated is killed; cron's passes go on */
#define F_DRAIN 16 /* drain: the operator drains an edge, and may undrain it */
#define F_HOLD 17 /* hold: the operator holds an edge; a hold ends */

/* Mutations: a rule left out or weakened. */
#define M_NONE 0
#define M_PROBE_ALONE 1 /* probe-alone: the probe alone decides health (rule 1) */
#define M_NEVER_BLIND 2 /* never-blind: no edge is ever blind (rule 3) */
#define M_BACKUPS_BLIND 3 /* backups-do-not-check: only a MASTER checks (rule 4) */
#define M_ALIAS_TIMED 4 /* alias-off-after-a-time: the alias goes a round after the edge is not MASTER any more (rule 6) */
#define M_ALIAS_AT_ONCE 5 /* alias-off-at-once: the alias goes when the edge is not MASTER (rule 6) */
#define M_KNOWN_KEPT 6 /* known-kept: known is kept over a POST (rule 8) */
#define M_NO_LOOK 7 /* no-look: no look at carp0 before the POST (rule 8) */
#define M_NO_SETTLE 8 /* no-settle: no settle with three edges (rule 8) */
#define M_HOLD_IGNORED 9 /* hold-ignored: a hold is not looked at (rule 10) */
#define M_EQUAL_SKEWS 10 /* equal-skews: all edges have the same skew */
#define M_TOKENS_RESET 11 /* tokens-reset: a change of role gives all tokens back (rule 9) */
#define M_UNPAIRED 12 /* unpaired-demotion: each unhealthy pass adds edgefault again (rule 2) */
#define M_TWO_CLAIMS 13 /* two-claims: a pass starts a claim beside a running one (rule 7) */
#define M_REPOST 14 /* repost: a claim posts again when it does not know the outcome (rule 8) */
#define M_HEALTHY_AT_ONCE 15 /* healthy-at-once: edgefault goes without H seconds of health (rule 2) */
#define M_CLAIM_BLINDLY 16 /* claim-blindly: a MASTER claims whatever OVH says (rule 7) */
#define M_BOOT_AS_ALWAYS 17 /* boot-as-always: no edgefault at boot, no wait before the first claim (rule 12) */
#define M_ALIAS_IN_CLAIM 18 /* alias-off-in-claim: the alias goes while the edge's own claim runs (rule 6) */

/* carp0's state, what the last answer of OVH said, and where a claim is. */
#define INIT 0
#define BACKUP 1
#define MASTER 2
#define HERE 0
#define ELSEWHERE 1
#define UNKNOWN 2
#define IDLE 0
#define SETTLING 1
#define SETTLED 2
#define LOOKED 3
#define POSTED 4

#define TOKENS 3
#define UNASKED 4 /* of `unanswered`: no check has ended since boot */
#define BOOT_WAIT 2 /* rounds as MASTER before the first claim after a boot: 15 s */
#define STEADY 6 /* rounds without a fault within which L3 must come true */

typedef Edge {
  bit alive;
  bit booting;        /* rc's 128 is on */
  bit first;          /* nothing in /var/run */
  bit external;       /* links, as the node sees them */
  bit internal;
  bit cable;          /* vio2's link */
  bit upstream;       /* what lies behind the external link */
  bit targets;        /* the probe's targets answer this edge */
  bit way;            /* OVH's API answers this edge */
  bit daemon;         /* ifstated runs */
  bit drained;        /* marks of the operator */
  bit held;
  byte role;
  byte seen;          /* the role at the last pass */
  byte edgefault;     /* counters of the groups, in weights */
  bit edgedrain;
  bit alias;
  byte known;
  bit since;          /* a check since the last POST said elsewhere, not pending */
  byte unanswered;    /* checks in a row, up to 3 */
  bit blind;
  bit probed;         /* what the last probe said */
  bit healthy;        /* what the last pass found */
  bit steady;         /* healthy for H seconds */
  bit away;           /* not MASTER for a round; kept for one mutation only */
  byte claim;
  bit looked;         /* what the claim's last look said, made after the settle time */
  bit sent;           /* this claim has sent its POST */
  bit waits;          /* the claim has waited for a round */
  bit slow;           /* refused or never sent: one try a poll */
  byte tokens;
  byte spent;         /* POSTs accepted, less tokens that came back */
  byte mastered;      /* rounds as MASTER still to wait after a boot */
  bit polled;         /* in this round */
  bit dirty;          /* a trigger asks for a pass */
  bit ask;            /* a check is due */
  bit again;          /* it was pending: look again at the next poll */
  byte due            /* polls since the last regular check */
}
Edge edge[N];

/* OVH, and the network between the edges. */
bit api;              /* OVH's API answers */
byte route;           /* the edge that the IP is routed to */
byte pending;         /* the edge that it is being moved to */
bit longer;           /* the move has crossed into another round */
byte late;            /* the edge whose POST OVH has not taken up yet */
bit orphan;           /* that edge has been off since, and counts from anew */
byte alone;           /* a partition: the edge that hears no other */

/* The environment. */
byte budget;          /* faults still to come */
byte calm;            /* 0 before the last fault, then rounds since it, up to K */
byte lacking;         /* rounds in which L3 was not true */

/* 0 between two steps. */
bit refused;
bit unserved;
bit untidy;
bit stale;
byte masters;
byte scratch;
byte j;

/* What the verifier was asked for; constant. */
int kinds;
byte mutation;
byte stop;
byte K;
byte every;           /* polls from one regular check to the next */
bit overwrites;       /* a POST during a move: overwrites it, or is refused */
bit moves_again;      /* a POST by the present holder: pending again, or nothing happens */
bit settles;          /* a claim settles, with two edges too */
bit preempt;
bit patient;          /* judge after K rounds only, not from the first good one on */

c_decl {
  static unsigned violated;
  static int setting(const char *name) {
    const char *text = getenv(name);
    return text == NULL ? 0 : atoi(text);
  }
  static void report(void) { printf("violated invariants: %u\n", violated); }
}

#define VIOLATES(i) c_code { violated |= 1u << (i); }; assert(stop != (i))
#define ENABLED(f) (((kinds >> f) & 1) && budget > 0 && calm == 0)

#define REACHES(x) (edge[x].external && edge[x].upstream && edge[x].way && api)
#define PROBES(x) (edge[x].external && edge[x].upstream && edge[x].targets)
#define SOUND(x) (edge[x].alive && edge[x].external && edge[x].internal && edge[x].upstream)
#define SERVES(x) (SOUND(x) && REACHES(x) && edge[x].cable && !edge[x].drained && !edge[x].held)
#define WATCHES(x) (REACHES(x) && pending == NOBODY)

/* carp(4). Edge 0 has the lowest skew. */
#define DEMOTION(x) (128 * edge[x].booting + 64 * edge[x].edgefault + 16 * edge[x].edgedrain)
#define TOGETHER(x, y) ((x) != (y) && alone != (x) && alone != (y))
#define HEARS(x, y) (TOGETHER(x, y) && edge[y].role == MASTER)
#define AS_FAST(y, x) ((y) <= (x) || mutation == M_EQUAL_SKEWS)
#define BEATEN(x, y) (DEMOTION(y) < DEMOTION(x) || (AS_FAST(y, x) && DEMOTION(y) <= DEMOTION(x)))
#define YIELDS_TO(x, y) (HEARS(x, y) && BEATEN(x, y))
#define OUTDOES(x, y) (HEARS(x, y) && (DEMOTION(y) > DEMOTION(x) || \
  (preempt && (x) < (y) && DEMOTION(x) <= DEMOTION(y))))
#if N == 2
#define SOME(p) (p(0) || p(1))
#define ANY(p, x) (p(x, 0) || p(x, 1))
#elif N == 3
#define SOME(p) (p(0) || p(1) || p(2))
#define ANY(p, x) (p(x, 0) || p(x, 1) || p(x, 2))
#else
#define SOME(p) (p(0) || p(1) || p(2) || p(3))
#define ANY(p, x) (p(x, 0) || p(x, 1) || p(x, 2) || p(x, 3))
#endif
#define TAKES_OVER(x) (edge[x].role == BACKUP && (!ANY(HEARS, x) || ANY(OUTDOES, x)))
#define YIELDS(x) (edge[x].role == MASTER && ANY(YIELDS_TO, x))
#define UNSETTLED(x) (TAKES_OVER(x) || YIELDS(x))
#define BUSY(x) (edge[x].alive && (!edge[x].polled || edge[x].dirty || edge[x].booting || \
  (edge[x].ask && edge[x].claim == IDLE) || \
  (edge[x].claim != IDLE && !(edge[x].claim == POSTED && !WATCHES(x) && !edge[x].waits))))

inline trigger(t) {
  if
  :: edge[t].daemon && edge[t].alive -> edge[t].dirty = 1
  :: else
  fi
}

inline become(b, state) {
  edge[b].role = state;
  trigger(b);
  printf("edge %d: carp0 is %d\n", b, state)
}

/* Nothing that an edge remembers in /var/run or in its kernel outlives a power cycle. */
inline forget(f) {
  edge[f].role = INIT; edge[f].seen = INIT; edge[f].booting = 0; edge[f].first = 1;
  edge[f].edgefault = 0; edge[f].edgedrain = 0; edge[f].alias = 0;
  edge[f].known = UNKNOWN; edge[f].since = 0; edge[f].unanswered = UNASKED; edge[f].blind = 0;
  edge[f].probed = 0; edge[f].healthy = 0; edge[f].steady = 0; edge[f].away = 0;
  edge[f].claim = IDLE; edge[f].looked = 0; edge[f].sent = 0; edge[f].waits = 0; edge[f].slow = 0;
  edge[f].tokens = TOKENS; edge[f].spent = 0; edge[f].mastered = 0;
  edge[f].polled = 0; edge[f].dirty = 0; edge[f].ask = 0; edge[f].again = 0;
  edge[f].due = 0; edge[f].daemon = 1
}

inline power_off(o) {
  edge[o].alive = 0;
  if
  :: late == o -> orphan = 1
  :: else
  fi;
  forget(o)
}

/* A check is due, in any role (rule 4). */
inline want_check(w) {
  if
  :: mutation == M_BACKUPS_BLIND && edge[w].role != MASTER
  :: else -> edge[w].ask = 1
  fi
}

inline end_claim(c) {
  edge[c].claim = IDLE; edge[c].looked = 0; edge[c].sent = 0; edge[c].waits = 0;
  want_check(c)
}

inline raise_edgefault(p) {
  if
  :: edge[p].held -> VIOLATES(S6)
  :: else
  fi;
  edge[p].edgefault++;
  printf("edge %d: edgefault added, %d now\n", p, edge[p].edgefault);
  if
  :: edge[p].edgefault > 1 -> VIOLATES(S2); edge[p].edgefault = 2
  :: else
  fi
}

inline lower_edgefault(p) {
  if
  :: edge[p].held -> VIOLATES(S6)
  :: else
  fi;
  edge[p].edgefault--;
  printf("edge %d: edgefault taken back, %d now\n", p, edge[p].edgefault)
}

inline remove_alias(p) {
  if
  :: edge[p].held -> VIOLATES(S6)
  :: else
  fi;
  if
  :: edge[p].role == MASTER || !edge[p].since -> VIOLATES(S3)
  :: else
  fi;
  edge[p].alias = 0;
  printf("edge %d: alias off\n", p)
}

inline start_claim(p) {
  if
  :: edge[p].claim != IDLE -> VIOLATES(S5)
  :: else
  fi;
  edge[p].looked = 0; edge[p].sent = 0; edge[p].waits = 0;
  if
  :: settles && mutation != M_NO_SETTLE -> edge[p].claim = SETTLING
  :: else -> edge[p].claim = SETTLED
  fi;
  printf("edge %d: claim starts\n", p)
}

/* A pass of edge-sync: observe, decide, act on the difference. */
inline pass(p) {
  edge[p].dirty = 0;
  /* Rule 12. */
  if
  :: edge[p].first && edge[p].booting && mutation != M_BOOT_AS_ALWAYS ->
    edge[p].mastered = BOOT_WAIT;
    if
    :: edge[p].held || edge[p].edgefault > 0
    :: else -> raise_edgefault(p)
    fi
  :: else
  fi;
  edge[p].first = 0;
  /* Rule 4: a change of role. */
  if
  :: edge[p].role != edge[p].seen ->
    edge[p].seen = edge[p].role;
    want_check(p);
    if
    :: mutation == M_TOKENS_RESET -> edge[p].tokens = TOKENS
    :: else
    fi
  :: else
  fi;
  /* Rule 1. */
  edge[p].healthy = edge[p].external && edge[p].internal &&
    (edge[p].probed || (edge[p].unanswered == 0 && mutation != M_PROBE_ALONE));
  if
  :: !edge[p].healthy -> edge[p].steady = 0
  :: else
  fi;
  /* Rule 3. */
  if
  :: edge[p].role == MASTER && edge[p].known != HERE && edge[p].unanswered == 3 &&
    mutation != M_NEVER_BLIND -> edge[p].blind = 1
  :: else
  fi;
  /* Rule 5, under hold too: it takes nothing from anybody. */
  if
  :: !edge[p].alias && (edge[p].role == MASTER || edge[p].known == HERE) ->
    edge[p].alias = 1;
    printf("edge %d: alias on\n", p)
  :: else
  fi;
  /* Rule 10. */
  if
  :: edge[p].held && mutation != M_HOLD_IGNORED
  :: else ->
    /* Rule 2. */
    if
    :: (!edge[p].healthy || edge[p].blind) && (edge[p].edgefault == 0 || mutation == M_UNPAIRED) ->
      raise_edgefault(p)
    :: edge[p].healthy && !edge[p].blind && edge[p].edgefault > 0 &&
      (edge[p].steady || mutation == M_HEALTHY_AT_ONCE) -> lower_edgefault(p)
    :: else
    fi;
    /* Rule 11. */
    if
    :: edge[p].edgedrain != edge[p].drained ->
      edge[p].edgedrain = edge[p].drained;
      if
      :: edge[p].held -> VIOLATES(S6)
      :: else
      fi;
      printf("edge %d: edgedrain is %d\n", p, edge[p].edgedrain)
    :: else
    fi;
    /* Rule 6. */
    if
    :: edge[p].alias && edge[p].role != MASTER && edge[p].known != HERE &&
      (edge[p].claim == IDLE || mutation == M_ALIAS_IN_CLAIM) &&
      (edge[p].known == ELSEWHERE || mutation == M_ALIAS_AT_ONCE ||
       (mutation == M_ALIAS_TIMED && edge[p].away)) -> remove_alias(p)
    :: else
    fi;
    /* Rule 7. */
    if
    :: edge[p].role == MASTER && edge[p].healthy && edge[p].tokens > 0 && !edge[p].slow &&
      edge[p].mastered == 0 &&
      (edge[p].known == ELSEWHERE || (mutation == M_CLAIM_BLINDLY && edge[p].known == UNKNOWN)) &&
      (edge[p].claim == IDLE || (mutation == M_TWO_CLAIMS && edge[p].claim == SETTLED)) ->
      start_claim(p)
    :: else
    fi
  fi
}

/* OVH takes up a POST. Sets `refused`. */
inline attach(a) {
  refused = 0;
  if
  :: pending != NOBODY && !overwrites ->
    refused = 1;
    printf("ovh: refuses edge %d, a move is under way\n", a)
  :: pending == NOBODY && route == a && !moves_again ->
    printf("ovh: accepts edge %d, which has the route\n", a)
  :: else ->
    pending = a; longer = 0;
    printf("ovh: accepts edge %d, moving\n", a)
  fi;
  if
  :: !refused && !orphan ->
    if
    :: edge[a].spent == TOKENS -> VIOLATES(S4)
    :: else -> edge[a].spent++
    fi
  :: else
  fi
}

/* What holds of a POST whatever its fate. */
inline leave(s) {
  if
  :: !edge[s].looked -> VIOLATES(S1)
  :: else
  fi;
  if
  :: edge[s].sent -> VIOLATES(S5)
  :: else
  fi;
  edge[s].sent = 1; edge[s].since = 0; edge[s].waits = 0;
  edge[s].claim = POSTED;
  if
  :: edge[s].tokens > 0 -> edge[s].tokens--
  :: else
  fi;
  if
  :: mutation != M_KNOWN_KEPT -> edge[s].known = UNKNOWN
  :: else
  fi
}

/* A POST that changed nothing costs nothing, and is not tried again before the next poll. */
inline refund(s) {
  if
  :: edge[s].tokens < TOKENS -> edge[s].tokens++
  :: else
  fi;
  edge[s].slow = 1;
  end_claim(s)
}

/* What OVH says now: pending is no answer about the route. */
inline learn(l) {
  edge[l].unanswered = 0; edge[l].blind = 0;
  if
  :: pending != NOBODY -> edge[l].again = (every > 1)
  :: pending == NOBODY && route == l -> edge[l].known = HERE
  :: else -> edge[l].known = ELSEWHERE; edge[l].since = 1
  fi
}

#define MAY_CHECK(x) (edge[x].alive && edge[x].ask && edge[x].claim == IDLE)

inline check(c) {
  edge[c].ask = 0;
  if
  :: REACHES(c) -> learn(c)
  :: !REACHES(c) && edge[c].unanswered == UNASKED -> edge[c].unanswered = 1
  :: !REACHES(c) && edge[c].unanswered < 3 -> edge[c].unanswered++
  :: else
  fi;
  printf("edge %d: check, known is %d, %d unanswered\n", c, edge[c].known, edge[c].unanswered)
}

#define FIT(x) (edge[x].external && edge[x].internal && (PROBES(x) || REACHES(x)))

/* Sets `unserved` where L1 is not true, `untidy` where L2 is not, `stale` where an edge has still to find out. */
inline measure() {
  unserved = (route == NOBODY);
  untidy = (pending != NOBODY);
  stale = 0;
  masters = 0;
  j = 0;
  do
  :: j < N ->
    if
    :: route == j && !(SOUND(j) && edge[j].alias) -> unserved = 1
    :: else
    fi;
    if
    :: edge[j].role == MASTER ->
      masters++;
      untidy = untidy || (route != j && REACHES(j))
    :: else
    fi;
    untidy = untidy || edge[j].claim == LOOKED || edge[j].claim == POSTED ||
      (REACHES(j) && ((SOUND(j) && edge[j].edgefault > 0) || (edge[j].alias && route != j)));
    stale = stale || edge[j].claim != IDLE ||
      (edge[j].alive && REACHES(j) && edge[j].known != (route == j -> HERE : ELSEWHERE)) ||
      (edge[j].role == MASTER && !REACHES(j) && edge[j].known != HERE) ||
      (edge[j].alive && (edge[j].unanswered == 0) != REACHES(j)) ||
      (edge[j].alive && edge[j].probed != PROBES(j)) ||
      (edge[j].alive && edge[j].drained != edge[j].edgedrain) ||
      (edge[j].alive && !edge[j].blind && (edge[j].edgefault == 0) != FIT(j));
    j++
  :: else -> break
  od;
  untidy = untidy || masters != 1;
  masters = 0;
  j = 0
}

/* L1 and L2, in each state from K calm rounds on. */
inline judge() {
  if
  :: calm == K ->
    measure();
    if
    :: unserved -> VIOLATES(L1)
    :: else
    fi;
    if
    :: untidy -> VIOLATES(L2)
    :: else
    fi;
    unserved = 0; untidy = 0; stale = 0
  :: else
  fi
}

inline strike() {
  budget--;
  lacking = 0
}

/* What the kernel, edge-sync and ip-move of one edge do, and what happens to it. */
#define UNSETTLED_NEAR(y) (((y) == x || TOGETHER(x, y)) && UNSETTLED(y))

proctype Node(byte x) {
  do
  /* carp(4): nobody is heard, or somebody who is more demoted; a better one is heard. */
  :: d_step { TAKES_OVER(x) && mutation != M_EQUAL_SKEWS -> become(x, MASTER); judge() }
  :: d_step { YIELDS(x) && mutation != M_EQUAL_SKEWS -> become(x, BACKUP); judge() }
  /* With equal skews timers run out together, and then two advertisements cross: both yield. */
  :: d_step { mutation == M_EQUAL_SKEWS && (TAKES_OVER(x) || YIELDS(x)) ->
      scratch = edge[x].role;
      j = 0;
      do
      :: j < N ->
        if
        :: scratch == MASTER && YIELDS_TO(x, j) -> become(j, BACKUP)
        :: scratch == BACKUP && TOGETHER(x, j) && TAKES_OVER(j) -> become(j, MASTER)
        :: else
        fi;
        j++
      :: else -> break
      od;
      j = 0;
      become(x, (scratch == MASTER -> BACKUP : MASTER));
      scratch = 0;
      judge()
    }

  /* edge-sync: ifstated's passes, cron's and the poll's, and checks in the background. */
  :: d_step { edge[x].alive && edge[x].dirty -> pass(x); judge() }
  :: d_step { edge[x].alive && !edge[x].booting && !edge[x].polled ->
      printf("edge %d: poll\n", x);
      edge[x].polled = 1;
      edge[x].slow = 0;
      /* Rule 4: a probe that fails after one that did not. */
      if
      :: edge[x].probed && !PROBES(x) && edge[x].unanswered == 0 -> want_check(x)
      :: else
      fi;
      edge[x].probed = PROBES(x);
      edge[x].due++;
      if
      :: edge[x].due >= every || edge[x].again -> want_check(x); edge[x].again = 0
      :: else
      fi;
      if
      :: edge[x].due >= every -> edge[x].due = 0
      :: else
      fi;
      pass(x);
      judge()
    }
  /* What a check says is acted on at once, or at the next trigger. */
  :: d_step { MAY_CHECK(x) -> check(x); judge() }
  :: d_step { MAY_CHECK(x) && !edge[x].booting -> check(x); pass(x); judge() }

  /* ip-move claim (rule 8). The settle time is over when an election is, but a new one may begin. */
  :: d_step { edge[x].claim == SETTLING && !SOME(UNSETTLED_NEAR) -> edge[x].claim = SETTLED; judge() }
  :: d_step { edge[x].claim == SETTLED ->
      if
      :: mutation == M_NO_LOOK -> edge[x].claim = LOOKED
      :: mutation != M_NO_LOOK && edge[x].role == MASTER && edge[x].healthy &&
        (!edge[x].held || mutation == M_HOLD_IGNORED) ->
        if
        :: edge[x].held -> VIOLATES(S6)
        :: else
        fi;
        edge[x].looked = !(settles && mutation == M_NO_SETTLE);
        edge[x].claim = LOOKED
      :: else ->
        end_claim(x);
        printf("edge %d: claim leaves, carp0 is not MASTER or the edge not healthy\n", x)
      fi;
      judge()
    }
  :: d_step { edge[x].claim == LOOKED && REACHES(x) ->
      printf("edge %d: POST\n", x);
      leave(x);
      attach(x);
      if
      :: refused -> refund(x)
      :: else
      fi;
      refused = 0;
      judge()
    }
  :: d_step { edge[x].claim == LOOKED && !REACHES(x) ->
      printf("edge %d: POST, no connection: never sent\n", x);
      leave(x);
      refund(x);
      judge()
    }
  :: d_step { edge[x].claim == LOOKED && !REACHES(x) ->
      printf("edge %d: POST, lost on its way\n", x);
      leave(x);
      judge()
    }
  :: d_step { edge[x].claim == LOOKED && REACHES(x) && ENABLED(F_REFUSED) ->
      printf("edge %d: FAULT POST, refused\n", x);
      strike();
      leave(x);
      refund(x);
      judge()
    }
  :: d_step { edge[x].claim == LOOKED && REACHES(x) && ENABLED(F_REPLY) ->
      printf("edge %d: FAULT POST, its answer is lost\n", x);
      strike();
      leave(x);
      attach(x);
      refused = 0;
      judge()
    }
  :: d_step { edge[x].claim == LOOKED && REACHES(x) && late == NOBODY && ENABLED(F_LATE) ->
      printf("edge %d: FAULT POST, OVH takes it up later\n", x);
      strike();
      leave(x);
      late = x;
      judge()
    }
  :: d_step { edge[x].claim == POSTED && WATCHES(x) ->
      learn(x);
      end_claim(x);
      printf("edge %d: claim ends, known is %d\n", x, edge[x].known);
      judge()
    }
  :: d_step { edge[x].claim == POSTED && edge[x].waits && !WATCHES(x) ->
      end_claim(x);
      printf("edge %d: claim ends at its deadline\n", x);
      judge()
    }
  :: d_step { mutation == M_REPOST && edge[x].claim == POSTED && !WATCHES(x) -> edge[x].claim = LOOKED }
  :: d_step { edge[x].claim != IDLE && ENABLED(F_CLAIM) ->
      printf("edge %d: FAULT claim killed\n", x);
      strike();
      edge[x].claim = IDLE; edge[x].looked = 0; edge[x].sent = 0; edge[x].waits = 0;
      judge()
    }

  /* Power. At boot carp0 comes first, ifstated later, and at last rc takes its 128 back. */
  :: d_step { edge[x].alive && ENABLED(F_DIE) ->
      printf("edge %d: FAULT power lost\n", x);
      strike();
      power_off(x)
    }
  :: d_step { edge[x].alive && !edge[x].booting && ENABLED(F_REBOOT) ->
      printf("edge %d: FAULT shut down\n", x);
      strike();
      j = 0;
      do
      :: j < N ->
        if
        :: edge[x].role == MASTER && TOGETHER(x, j) && edge[j].role == BACKUP -> become(j, MASTER)
        :: else
        fi;
        j++
      :: else -> break
      od;
      j = 0;
      power_off(x)
    }
  :: d_step { !edge[x].alive && calm == 0 ->
      printf("edge %d: boots\n", x);
      lacking = 0;
      edge[x].alive = 1;
      edge[x].booting = 1;
      if
      :: edge[x].cable -> edge[x].role = BACKUP
      :: else
      fi;
      trigger(x)
    }
  :: d_step { edge[x].alive && edge[x].booting ->
      printf("edge %d: rc takes its 128 back\n", x);
      edge[x].booting = 0;
      judge()
    }

  /* Links and what lies behind them. */
  :: d_step { edge[x].alive && edge[x].external && ENABLED(F_EXTERNAL) ->
      printf("edge %d: FAULT external link lost\n", x);
      strike();
      edge[x].external = 0;
      trigger(x)
    }
  :: d_step { !edge[x].external && calm == 0 ->
      printf("edge %d: external link back\n", x);
      lacking = 0;
      edge[x].external = 1;
      trigger(x)
    }
  :: d_step { edge[x].alive && edge[x].internal && ENABLED(F_INTERNAL) ->
      printf("edge %d: FAULT internal link lost\n", x);
      strike();
      edge[x].internal = 0;
      trigger(x)
    }
  :: d_step { !edge[x].internal && calm == 0 ->
      printf("edge %d: internal link back\n", x);
      lacking = 0;
      edge[x].internal = 1;
      trigger(x)
    }
  :: d_step { edge[x].alive && edge[x].cable && ENABLED(F_CARP) ->
      printf("edge %d: FAULT CARP link lost\n", x);
      strike();
      edge[x].cable = 0;
      become(x, INIT)
    }
  :: d_step { !edge[x].cable && calm == 0 ->
      printf("edge %d: CARP link back\n", x);
      lacking = 0;
      edge[x].cable = 1;
      if
      :: edge[x].alive -> become(x, BACKUP)
      :: else
      fi
    }
  :: d_step { edge[x].upstream && ENABLED(F_UPSTREAM) ->
      printf("edge %d: FAULT upstream lost\n", x);
      strike();
      edge[x].upstream = 0
    }
  :: d_step { !edge[x].upstream && calm == 0 ->
      printf("edge %d: upstream back\n", x);
      lacking = 0;
      edge[x].upstream = 1
    }
  :: d_step { edge[x].targets && ENABLED(F_PROBE) ->
      printf("edge %d: FAULT its probe gets no answer\n", x);
      strike();
      edge[x].targets = 0
    }
  :: d_step { !edge[x].targets && calm == 0 ->
      printf("edge %d: its probe gets answers\n", x);
      lacking = 0;
      edge[x].targets = 1
    }
  :: d_step { edge[x].way && ENABLED(F_WAY) ->
      printf("edge %d: FAULT no way to OVH's API\n", x);
      strike();
      edge[x].way = 0
    }
  :: d_step { !edge[x].way && calm == 0 ->
      printf("edge %d: way to OVH's API back\n", x);
      lacking = 0;
      edge[x].way = 1
    }

  /* The daemon, and the operator. */
  :: d_step { edge[x].alive && edge[x].daemon && ENABLED(F_DAEMON) ->
      printf("edge %d: FAULT ifstated killed\n", x);
      strike();
      edge[x].daemon = 0;
      edge[x].dirty = 0
    }
  :: d_step { edge[x].alive && !edge[x].daemon && calm == 0 ->
      printf("edge %d: ifstated started\n", x);
      lacking = 0;
      edge[x].daemon = 1;
      trigger(x)
    }
  :: d_step { !edge[x].drained && ENABLED(F_DRAIN) ->
      printf("edge %d: FAULT drain\n", x);
      strike();
      edge[x].drained = 1;
      trigger(x)
    }
  :: d_step { edge[x].drained && calm == 0 ->
      printf("edge %d: undrain\n", x);
      lacking = 0;
      edge[x].drained = 0;
      trigger(x)
    }
  :: d_step { !edge[x].held && ENABLED(F_HOLD) ->
      printf("edge %d: FAULT hold\n", x);
      strike();
      edge[x].held = 1
    }
  :: d_step { edge[x].held && calm == 0 ->
      printf("edge %d: hold ends\n", x);
      lacking = 0;
      edge[x].held = 0;
      trigger(x)
    }
  od
}

#define HELD(x) (edge[x].held)
/* With equal skews an election may last for ever: it goes on, round after round. */
#define ELECTED (!SOME(UNSETTLED) || (mutation == M_EQUAL_SKEWS && !SOME(YIELDS)))
#define ROUND_IS_OVER (!SOME(BUSY) && ELECTED && !longer)

/* What the verifier was asked for, from its environment. */
inline prepare() {
  c_code {
    atexit(report);
    now.kinds = setting("EDGE_FAULTS");       /* a bit for each kind */
    now.budget = setting("EDGE_BUDGET");      /* how many faults in all */
    now.mutation = setting("EDGE_MUTATION");
    now.stop = setting("EDGE_STOP") - 1;      /* an invariant and one, 0 for none */
    now.K = setting("EDGE_ROUNDS");
    now.every = setting("EDGE_CHECK");
    now.overwrites = setting("EDGE_OVERWRITES");
    now.moves_again = setting("EDGE_MOVES_AGAIN");
    now.settles = setting("EDGE_SETTLES");
    now.preempt = setting("EDGE_PREEMPT");
    now.patient = setting("EDGE_PATIENT");
    now.calm = setting("EDGE_START");         /* borrowed until the start is made */
  };
  api = 1;
  pending = NOBODY; late = NOBODY; alone = NOBODY;
  j = 0;
  do
  :: j < N ->
    forget(j);
    edge[j].external = 1; edge[j].internal = 1; edge[j].cable = 1; edge[j].upstream = 1;
    edge[j].targets = 1; edge[j].way = 1;
    if
    :: calm == 2 /* all edges are off, and may boot */
    :: else ->
      edge[j].alive = 1; edge[j].first = 0;
      edge[j].role = (j == 0 -> MASTER : BACKUP); edge[j].seen = edge[j].role;
      edge[j].alias = (j == 0);
      edge[j].known = (j == 0 && calm == 0 -> HERE : ELSEWHERE);
      edge[j].since = (edge[j].known == ELSEWHERE);
      edge[j].unanswered = 0; edge[j].probed = 1; edge[j].healthy = 1; edge[j].steady = 1;
      edge[j].away = (j > 0 && mutation == M_ALIAS_TIMED);
      edge[j].due = j % every
    fi;
    j++
  :: else -> break
  od;
  j = 0;
  route = (calm == 1 -> NOBODY : 0); /* 1: OVH has lost the route */
  calm = 0
}

/* OVH, the network, and time. */
init {
  d_step { prepare() };
  atomic {
    run Node(0);
    run Node(1);
#if N > 2
    run Node(2);
#endif
#if N > 3
    run Node(3);
#endif
  };
  do
  /* A move takes longer than an election. */
  :: d_step { pending != NOBODY && ELECTED ->
      route = pending;
      pending = NOBODY;
      longer = 0;
      printf("ovh: routes to edge %d\n", route);
      judge()
    }
  :: d_step { late != NOBODY ->
      printf("ovh: takes up the late POST of edge %d\n", late);
      lacking = 0;
      attach(late);
      refused = 0; late = NOBODY; orphan = 0
    }
  :: d_step { (route != NOBODY || pending != NOBODY) && ENABLED(F_ROUTE) ->
      printf("ovh: FAULT routes to nothing\n");
      strike();
      route = NOBODY; pending = NOBODY; longer = 0
    }
  :: d_step { api && ENABLED(F_API) ->
      printf("ovh: FAULT the API does not answer\n");
      strike();
      api = 0
    }
  :: d_step { !api && calm == 0 ->
      printf("ovh: the API answers again\n");
      lacking = 0;
      api = 1
    }
  :: d_step { edge[0].targets && ENABLED(F_PROBE) ->
      printf("network: FAULT the probe's targets answer nobody\n");
      strike();
      j = 0;
      do
      :: j < N -> edge[j].targets = 0; j++
      :: else -> break
      od;
      j = 0
    }
  :: d_step { alone == NOBODY && ENABLED(F_PARTITION) ->
      printf("network: FAULT edge 0 and the others do not hear each other\n");
      strike();
      alone = 0
    }
#if N > 2
  :: d_step { alone == NOBODY && ENABLED(F_PARTITION) ->
      printf("network: FAULT edge 1 and the others do not hear each other\n");
      strike();
      alone = 1
    }
  :: d_step { alone == NOBODY && ENABLED(F_PARTITION) ->
      printf("network: FAULT edge 2 and the others do not hear each other\n");
      strike();
      alone = 2
    }
#endif
  :: d_step { alone != NOBODY && calm == 0 ->
      printf("network: the edges hear each other again\n");
      lacking = 0;
      alone = NOBODY
    }
  /* The round ends when everybody has polled and all that is fast is done. */
  :: d_step { ROUND_IS_OVER ->
      printf("round\n");
      longer = (pending != NOBODY);
      j = 0;
      do
      :: j < N ->
        edge[j].polled = 0;
        edge[j].steady = edge[j].healthy;
        edge[j].waits = (edge[j].claim == POSTED);
        edge[j].away = (mutation == M_ALIAS_TIMED && edge[j].role != MASTER);
        if
        :: edge[j].mastered > 0 -> edge[j].mastered = (edge[j].role == MASTER -> edge[j].mastered - 1 : BOOT_WAIT)
        :: else
        fi;
        /* A token comes back: 15 min have passed. */
        if
        :: calm >= 4 ->
          if
          :: edge[j].tokens < TOKENS -> edge[j].tokens++
          :: else
          fi;
          if
          :: edge[j].spent > 0 -> edge[j].spent--
          :: else
          fi
        :: else
        fi;
        j++
      :: else -> break
      od;
      j = 0;
      /* What is good before K rounds is judged from then on: it must stay so all the same. */
      if
      :: calm > 0 && calm < K ->
        measure();
        calm = (unserved || untidy || stale || patient -> calm + 1 : K);
        unserved = 0; untidy = 0; stale = 0
      :: else
      fi;
      if
      :: route == NOBODY -> lacking = 0
      :: else ->
        if
        :: !SOUND(route) || edge[route].alias -> lacking = 0
        :: lacking < STEADY -> lacking++
        :: else -> VIOLATES(L3)
        fi
      fi;
      judge()
    }
#ifdef PROGRESS
    progress_round: skip /* -DPROGRESS looks for a round that never ends */
#endif
  /* Or the last fault was the last: what is still broken stays broken, and holds are over. */
  :: d_step { ROUND_IS_OVER && calm == 0 && alone == NOBODY && late == NOBODY &&
      !SOME(HELD) && SOME(SERVES) ->
      printf("no more faults\n");
      calm = 1
    }
  od
}

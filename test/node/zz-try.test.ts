import { it, vi } from "vitest";
import { useBench, LOOK, POST, IP_ID } from "/work/main/test/node/bench.js";
vi.setConfig({ testTimeout: 30_000 });
const bench = useBench();
const show = async (label: string, command: string) => { const t=Date.now(); const r = await bench.run(command); console.log(label, Date.now()-t, JSON.stringify(r), JSON.stringify(bench.requests().map(x=>x.split("/").slice(-1)[0]+x[0])), bench.log("ip-move"), JSON.stringify(bench.json("/var/run/r.json"))); };
it("x", async () => {
  for (const [name, prep] of Object.entries({
    plain: () => { bench.project.failoverIps.behaviour.moveDuration = 300; },
    f503: () => bench.project.faults.fail("POST","/attach",{status:503}),
    f429: () => bench.project.faults.fail("POST","/attach",{status:429, headers:{"retry-after":"17"}}),
    f401: () => bench.project.faults.fail("POST","/attach",{status:401}),
    drop: () => bench.project.faults.fail("POST","/attach",{dropReply:true}),
    trunc: () => bench.project.faults.fail("POST","/attach",{truncateAt:40}),
    never: () => bench.project.failoverIps.nextMoves("never ends"),
    fails: () => { bench.project.failoverIps.behaviour.moveDuration = 60; bench.project.failoverIps.nextMoves("fails")},
    refused: () => bench.lead("eu.api.ovh.com", 1),
    noname: () => bench.lead("eu.api.ovh.com", "no such name"),
    html: () => bench.project.faults.fail("POST","/attach",{status:502, body:"<html>x</html>"}),
    redir: () => bench.project.faults.fail("POST","/attach",{status:302, body:"", headers:{location:"/x"}}),
    json: () => bench.project.faults.fail("POST","/attach",{status:200, body:"{x"}),
  })) { await bench.reset(); await bench.become("MASTER"); prep(); await show(name, "ip-move claim -result /var/run/r.json -deadline 20"); }
});

import { table } from "../table.js";
import { amount, type Estimate, HOURS_PER_MONTH } from "./estimate.js";

/** What `npm run estimate` prints, for people. */
export function estimateReport(estimate: Estimate, address: string): string {
  const { currency, taxRate, edges, existing, ip, ipPlan, hour, monthByHour, monthByMonth } = estimate;
  const rows = edges.map(({ name, hourly, monthly }) => [
    name,
    hourly.planCode,
    amount(hourly.price, 4),
    amount(hourly.price * HOURS_PER_MONTH),
    monthly === undefined ? "-" : amount(monthly.price),
  ]);
  const ipRow =
    ip === undefined
      ? [address, `${ipPlan}: not in the catalogue`, "", "?", "?"]
      : [address, ip.planCode, "", amount(ip.price), amount(ip.price)];
  const total = [
    "total",
    "",
    amount(hour, 4),
    amount(monthByHour),
    monthByMonth === undefined ? "-" : amount(monthByMonth),
  ];
  const head = ["", "plan", `${currency} an hour`, "a month, by the hour", "a month, by the month"];
  const without = [...existing, "traffic", "snapshots", ...(ip === undefined ? ["the FailOver IP"] : [])];
  return [
    table(head, [...rows, ipRow, total]),
    "",
    `${HOURS_PER_MONTH} hours a month, without taxes${taxRate === undefined ? "" : ` (${taxRate} %)`}. Not in it: ${without.join(", ")}.`,
    ...(ip === undefined
      ? [
          "The IP's price: --ip-catalog FILE of a catalogue that has it, --ip-plan CODE if it is another plan.",
        ]
      : []),
    "",
  ].join("\n");
}

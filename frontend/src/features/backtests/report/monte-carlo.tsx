"use client";

import { useText } from "@/i18n/provider";
import { dollars, percent, whole } from "@/shared/figures";
import { Panel } from "@/shared/ui/panel";
import { Table, Td, Th } from "@/shared/ui/table";
import type { MonteCarlo } from "../result";

export function MonteCarloPart({ found }: { found: MonteCarlo }) {
  const { language, t } = useText();
  const words = t.backtests.report;
  const head = (
    <>
      <Th>{words.percentile}</Th>
      <Th right>{words.deepest}</Th>
      <Th right>{words.finalEquity}</Th>
    </>
  );
  return (
    <Panel title={words.monteCarlo}>
      <p className="border-b border-line px-4 py-3 text-sm" data-testid="monte-carlo">
        {words.monteSaid(whole(found.trades, language), whole(found.runs, language), percent(found.share_of_losing_runs * 100, language))}
      </p>
      <Table caption={words.monteCarlo} head={head}>
        {Object.entries(found.max_drawdown_pct).map(([share, fall]) => (
          <tr key={share}>
            <Td>
              <span className="figures">{share}%</span>
            </Td>
            <Td right>{percent(fall, language)}</Td>
            <Td right>{dollars(found.final_equity[share], language)}</Td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

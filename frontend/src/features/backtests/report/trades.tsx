"use client";

import { useState } from "react";
import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";
import { dollars, percent, way, WAY_COLOUR, whole } from "@/shared/figures";
import { Button } from "@/shared/ui/button";
import { Nothing, Panel } from "@/shared/ui/panel";
import { Table, Td, Th } from "@/shared/ui/table";
import type { Trade } from "../result";

const AT_ONCE = 100;

function Reasons({ trade }: { trade: Trade }) {
  const { language, t } = useText();
  const words = t.backtests.report;
  const reasons = [
    [words.whyBought, trade.entry_reason],
    [words.whySold, trade.exit_reason],
  ] as const;
  return (
    <dl className="space-y-1 text-xs text-soft">
      {reasons.map(
        ([name, text]) =>
          text && (
            <div key={name}>
              <dt className="inline font-medium">{name}: </dt>
              <dd className="inline">{text[language]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Row({ trade }: { trade: Trade }) {
  const { language, t } = useText();
  const colour = WAY_COLOUR[way(trade.profit)];
  return (
    <>
      <tr data-testid="trade-row" className="border-b-0 @xl:border-b">
        <Td>
          <span className="font-semibold">{trade.symbol}</span>
          <span className="figures block text-xs text-faint">{t.common.shares(whole(trade.quantity, language))}</span>
        </Td>
        <Td right>
          {trade.entry_time.slice(0, 16)}
          <span className="block text-faint">{dollars(trade.entry_price, language)}</span>
        </Td>
        <Td right>
          {trade.exit_time?.slice(0, 16) ?? t.backtests.report.stillOpen}
          <span className="block text-faint">{trade.exit_time && dollars(trade.exit_price, language)}</span>
        </Td>
        <Td right className={colour}>
          <span className={colour}>{dollars(trade.profit, language, true)}</span>
          <span className={cx("block", colour)}>{percent(trade.profit_pct, language, true)}</span>
        </Td>
        <Td wide className="min-w-72">
          <Reasons trade={trade} />
        </Td>
      </tr>
      <tr className="@xl:hidden">
        <td colSpan={4} className="px-4 pb-2">
          <Reasons trade={trade} />
        </td>
      </tr>
    </>
  );
}

/** Every trade with what decided it. */
export function Trades({ trades, there = trades.length }: { trades: Trade[]; there?: number }) {
  const { language, t } = useText();
  const [shown, setShown] = useState(AT_ONCE);
  const words = t.backtests.report;
  const head = (
    <>
      <Th>{t.orders.symbol}</Th>
      <Th right>{words.bought}</Th>
      <Th right>{words.sold}</Th>
      <Th right>{words.profit}</Th>
      <Th wide>{words.reason}</Th>
    </>
  );
  if (trades.length === 0) {
    return (
      <Panel title={words.trades}>
        <Nothing>{words.noTrades}</Nothing>
      </Panel>
    );
  }
  return (
    <Panel title={words.trades} count={whole(there, language)}>
      <Table caption={words.trades} head={head}>
        {trades.slice(0, shown).map((trade, index) => (
          <Row key={index} trade={trade} />
        ))}
      </Table>
      {Math.min(shown, trades.length) < there && (
        <div className="flex flex-wrap items-center justify-center gap-3 border-t border-line p-3 text-sm text-soft">
          {words.cut(whole(Math.min(shown, trades.length), language), whole(there, language))}
          {shown < trades.length && (
            <Button small onClick={() => setShown(shown + AT_ONCE)}>
              {t.common.more}
            </Button>
          )}
        </div>
      )}
    </Panel>
  );
}

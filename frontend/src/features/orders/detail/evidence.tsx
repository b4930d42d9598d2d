"use client";

import { useQuery } from "@tanstack/react-query";
import { browserApi } from "@/api/client";
import { evidenceQuery } from "@/api/orders";
import type { Claimable, Evidence, Look } from "@/api/types";
import { useText } from "@/i18n/provider";
import { price, quantity } from "@/shared/money";
import { Badge } from "@/shared/ui/badge";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { SideWord } from "@/shared/ui/side";
import { Stamp } from "@/shared/ui/stamp";
import { Table, Td, Th } from "@/shared/ui/table";
import { Settle } from "./settle";

function Candidate({ row, evidence }: { row: Claimable; evidence: Evidence }) {
  const { language, t } = useText();
  const words = t.orders.evidence;
  const own = row.claimed_by === evidence.order.id;
  return (
    <tr data-testid="candidate" data-number={row.broker_order_id}>
      <Td>
        <span className="figures font-medium">{row.broker_order_id}</span>
        <div className="text-xs text-faint">{row.us_order_date}</div>
      </Td>
      <Td>
        {row.symbol} <SideWord side={row.side} />
        <div className="text-xs text-faint">{row.channel}</div>
      </Td>
      <Td right>
        {quantity(row.filled_qty, language)}/{quantity(row.qty, language)}
        <div className="text-xs text-faint">{price(row.price, language)}</div>
      </Td>
      <Td wide>
        <Stamp at={row.placed_at} />
      </Td>
      <Td>{row.status_text || t.common.none}</Td>
      <Td right>
        {row.claimed_by !== null ? (
          <span className="text-xs text-faint">{own ? words.isThis : words.isAnother}</span>
        ) : (
          evidence.may_decide && row.fits && <Settle order={evidence.order} row={row} />
        )}
        {row.claimed_by === null && !row.fits && <span className="text-xs text-faint">{words.differs}</span>}
      </Td>
    </tr>
  );
}

function Candidates({ evidence }: { evidence: Evidence }) {
  const { t } = useText();
  const words = t.orders.evidence;
  const head = (
    <>
      <Th>{t.orders.detail.number}</Th>
      <Th>{t.orders.symbol}</Th>
      <Th right>{t.orders.quantity}</Th>
      <Th wide>{words.placedAt}</Th>
      <Th>{words.atBroker}</Th>
      <Th right>
        <span className="sr-only">{t.orders.actions}</span>
      </Th>
    </>
  );
  if (evidence.candidates.length === 0) return <Nothing>{words.noCandidates}</Nothing>;
  return (
    <Table caption={words.candidates} head={head}>
      {evidence.candidates.map((row) => (
        <Candidate key={`${row.us_order_date} ${row.broker_order_id}`} row={row} evidence={evidence} />
      ))}
    </Table>
  );
}

function Looks({ looks }: { looks: readonly Look[] }) {
  const { t } = useText();
  const words = t.orders.evidence;
  if (looks.length === 0) return <Nothing>{words.noLooks}</Nothing>;
  return (
    <Table caption={words.looks} head={<><Th>{words.lookedAt}</Th><Th>{words.list}</Th><Th>{words.found}</Th></>}>
      {looks.map((look) => (
        <tr key={look.at}>
          <Td><Stamp at={look.last_at} /></Td>
          <Td>
            <Badge tone={look.complete ? "good" : "warn"}>{look.complete ? words.complete : words.incomplete}</Badge>
          </Td>
          <Td>
            {words.findings[look.finding]}
            {look.times > 1 && <span className="text-xs text-faint"> {words.times(look.times)}</span>}
          </Td>
        </tr>
      ))}
    </Table>
  );
}

/** What the broker's list showed while the outcome was unknown, beside what was sent; and the decision of a person. */
export function EvidencePanel({ id }: { id: string }) {
  const { t } = useText();
  const words = t.orders.evidence;
  return (
    <Panel title={words.title} className="border-warn">
      <Loaded result={useQuery(evidenceQuery(browserApi, id))}>
        {(evidence) => (
          <div className="divide-y divide-line" data-testid="evidence">
            <div className="space-y-2 px-4 py-3 text-sm">
              <p>{words.explained}</p>
              <div className="flex flex-wrap gap-x-6 gap-y-1 text-soft">
                <span className="flex gap-2">{words.from} <Stamp at={evidence.window.from} /></span>
                <span className="flex gap-2">{words.to} <Stamp at={evidence.window.to} /></span>
              </div>
            </div>
            <Candidates evidence={evidence} />
            {evidence.may_decide && (
              <div className="flex flex-wrap items-center gap-3 px-4 py-3 text-sm">
                <p className="min-w-0 flex-1 basis-56 text-soft">{words.neverHelp}</p>
                <Settle order={evidence.order} row={null} />
              </div>
            )}
            <Looks looks={evidence.looks} />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

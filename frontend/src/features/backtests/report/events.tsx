"use client";

import { useText } from "@/i18n/provider";
import { whole } from "@/shared/figures";
import { Panel } from "@/shared/ui/panel";
import { SideWord } from "@/shared/ui/side";
import { Table, Td, Th } from "@/shared/ui/table";
import type { Event } from "../result";

const MOST = 100;

/** Orders that came to nothing, and why. */
export function Events({ name, events, there = events.length }: { name: "vetoes" | "unfilled"; events: Event[]; there?: number }) {
  const { language, t } = useText();
  const words = t.backtests.report;
  if (events.length === 0) return null;
  const head = (
    <>
      <Th>{words.when}</Th>
      <Th>{t.orders.symbol}</Th>
      <Th>{words.reason}</Th>
    </>
  );
  return (
    <Panel title={words[name]} count={whole(there, language)}>
      <Table caption={words[name]} head={head}>
        {events.slice(0, MOST).map((event, index) => (
          <tr key={index}>
            <Td>
              <span className="figures whitespace-nowrap">{event.time.slice(0, 16)}</span>
            </Td>
            <Td>
              {event.symbol} <SideWord side={event.side} />
            </Td>
            <Td>
              {event.reason[language]} {event.times !== undefined && event.times > 1 && <span className="text-faint">({t.ruleChecks.times(whole(event.times, language))})</span>}
            </Td>
          </tr>
        ))}
      </Table>
      {there > MOST && <p className="border-t border-line px-4 py-2 text-sm text-soft">{words.cut(whole(MOST, language), whole(there, language))}</p>}
    </Panel>
  );
}

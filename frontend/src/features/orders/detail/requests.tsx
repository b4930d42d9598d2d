"use client";

import { asText } from "@/api/problem";
import type { OrderRequest } from "@/api/types";
import { useText } from "@/i18n/provider";
import { Badge, type Tone } from "@/shared/ui/badge";
import { Nothing, Panel } from "@/shared/ui/panel";
import { Stamp } from "@/shared/ui/stamp";
import { Table, Td, Th } from "@/shared/ui/table";

const OUTCOME_TONE = { pending: "info", accepted: "good", refused: "bad", not_sent: "muted", unknown: "warn" } satisfies Record<OrderRequest["outcome"], Tone>;

/** Every message to the broker about the order, each with its own outcome. */
export function Requests({ requests }: { requests: readonly OrderRequest[] }) {
  const { language, t } = useText();
  const words = t.orders.detail;
  const head = <><Th>{words.sentAt}</Th><Th>{words.request}</Th><Th>{words.outcome}</Th><Th right>{words.number}</Th></>;
  return (
    <Panel title={words.requests}>
      {requests.length === 0 ? (
        <Nothing>{words.noRequests}</Nothing>
      ) : (
        <Table caption={words.requests} head={head}>
          {requests.map((request) => (
            <tr key={request.id}>
              <Td><Stamp at={request.committed_at} /></Td>
              <Td>
                {words.kinds[request.kind]}
                {request.attempt > 1 && <span className="text-xs text-faint"> #{request.attempt}</span>}
              </Td>
              <Td>
                <Badge tone={OUTCOME_TONE[request.outcome]}>{words.outcomes[request.outcome]}</Badge>
                <p className="max-w-64 text-xs text-faint">{asText(request.failure)?.[language]}</p>
              </Td>
              <Td right>
                {request.broker_order_id ?? t.common.none}
                <div className="text-xs text-faint">{request.us_order_date}</div>
              </Td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { browserApi } from "@/api/client";
import { isDoubtful, orderQuery } from "@/api/orders";
import { asText } from "@/api/problem";
import type { OrderDetail } from "@/api/types";
import { useText } from "@/i18n/provider";
import { AccountName } from "@/shared/account-name";
import { useAccounts } from "@/shared/lists";
import { money, price, quantity } from "@/shared/money";
import { Badge } from "@/shared/ui/badge";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { SideWord } from "@/shared/ui/side";
import { Stamp } from "@/shared/ui/stamp";
import { Table, Td, Th } from "@/shared/ui/table";
import { CancelButton } from "../cancel-button";
import { CANCELLABLE, STATUS_TONE } from "../looks";
import { EvidencePanel } from "./evidence";
import { reasonOf, type Vote } from "./reason";
import { Requests } from "./requests";

function Head({ order }: { order: OrderDetail }) {
  const { language, t } = useText();
  const role = useAccounts().data?.results.find(({ id }) => id === order.account_id)?.role;
  const refusal = asText(order.failure);
  const facts = [
    { name: t.orders.quantity, value: `${quantity(order.filled_qty, language)}/${quantity(order.qty, language)}` },
    { name: t.orders.price, value: price(order.price, language) },
    { name: t.orders.average, value: price(order.avg_fill_price, language) },
    { name: t.orders.detail.number, value: order.broker_order_id ?? t.common.none },
  ];
  return (
    <header className="space-y-3">
      <Link href="/orders" className="text-[0.8125rem] text-accent hover:underline">
        <span aria-hidden>← </span>
        {t.orders.detail.back}
      </Link>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="text-xl font-bold" data-testid="order-title">
          {order.symbol} <SideWord side={order.side} />
        </h1>
        <Badge tone={STATUS_TONE[order.status]}>{t.orders.statuses[order.status]}</Badge>
        {order.needs_person && <span className="rounded bg-bad-fill px-1.5 text-xs font-medium text-white">{t.orders.needsPerson}</span>}
        <span className="text-sm text-soft">
          <AccountName id={order.account_id} />
        </span>
        {CANCELLABLE[order.status] && role !== undefined && role !== "view" && <CancelButton order={order} className="ml-auto" />}
      </div>
      {refusal && <p className="text-sm text-bad">{refusal[language]}</p>}
      <dl className="flex flex-wrap gap-x-8 gap-y-2 text-sm">
        {facts.map(({ name, value }) => (
          <div key={name}>
            <dt className="text-xs text-faint">{name}</dt>
            <dd className="figures font-medium">{value}</dd>
          </div>
        ))}
        <div>
          <dt className="text-xs text-faint">{t.orders.time}</dt>
          <dd>
            <Stamp at={order.created_at} />
          </dd>
        </div>
      </dl>
    </header>
  );
}

function Votes({ votes }: { votes: Vote[] }) {
  const { language, t } = useText();
  const words = t.orders.detail;
  return (
    <Table caption={words.guards} head={<><Th>{words.guard}</Th><Th>{words.said}</Th></>}>
      {votes.map((vote) => (
        <tr key={vote.guard}>
          <Td className="whitespace-nowrap">
            <Badge tone={vote.passed ? "good" : "bad"}>{vote.passed ? words.passed : words.vetoed}</Badge> <code className="text-xs text-soft">{vote.guard}</code>
          </Td>
          <Td>{vote.reason[language]}</Td>
        </tr>
      ))}
    </Table>
  );
}

function Why({ order }: { order: OrderDetail }) {
  const { t } = useText();
  const { text, votes } = reasonOf(order.reason);
  return (
    <Panel title={t.orders.detail.why}>
      {text && <p className="border-b border-line px-4 py-3 text-sm whitespace-pre-line">{text}</p>}
      {votes.length > 0 ? <Votes votes={votes} /> : !text && <Nothing>{t.orders.detail.noReason}</Nothing>}
    </Panel>
  );
}

function Fills({ order }: { order: OrderDetail }) {
  const { language, t } = useText();
  const head = <><Th>{t.orders.time}</Th><Th right>{t.fills.quantity}</Th><Th right>{t.fills.price}</Th><Th right>{t.fills.fee}</Th></>;
  return (
    <Panel title={t.fills.title}>
      {order.executions.length === 0 ? (
        <Nothing>{t.fills.empty}</Nothing>
      ) : (
        <Table caption={t.fills.title} head={head}>
          {order.executions.map((fill) => (
            <tr key={fill.id}>
              <Td><Stamp at={fill.at} /></Td>
              <Td right>{quantity(fill.qty, language)}</Td>
              <Td right>{price(fill.price, language)}</Td>
              <Td right>{money(fill.fee, language)}</Td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

/** The whole life of one order; where its outcome is not known, the evidence and the decision that a person may make. */
export function OrderPage({ id }: { id: string }) {
  const result = useQuery(orderQuery(browserApi, id));
  return (
    <Loaded result={result}>
      {(order) => (
        <div className="space-y-4">
          <Head order={order} />
          {isDoubtful(order) && <EvidencePanel id={order.id} />}
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <Requests requests={order.requests} />
            <Fills order={order} />
          </div>
          <Why order={order} />
        </div>
      )}
    </Loaded>
  );
}

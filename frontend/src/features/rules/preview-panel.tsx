"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { ApiError, unwrap } from "@/api/problem";
import type { Rule } from "@/api/types";
import { useText } from "@/i18n/provider";
import { AccountName } from "@/shared/account-name";
import { dollars, percent, way, WAY_COLOUR, whole } from "@/shared/figures";
import { useAccounts } from "@/shared/lists";
import { money } from "@/shared/money";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing } from "@/shared/ui/panel";
import { Select } from "@/shared/ui/select";
import { SideWord } from "@/shared/ui/side";
import { LatestLook } from "./latest-look";
import { inTurn, readPreview, type OnAccount } from "./preview";

const SESSIONS = [5, 20, 60, 250];

function Orders({ found }: { found: OnAccount }) {
  const { language, t } = useText();
  const words = t.ruleChecks;
  if (found.fills.length === 0) return <p className="text-sm text-soft">{words.noOrders}</p>;
  return (
    <details>
      <summary className="text-xs text-accent">{words.orders}</summary>
      <ul className="figures mt-2 max-h-60 space-y-1 overflow-y-auto text-sm" tabIndex={0}>
        {found.fills.map((fill, index) => (
          <li key={index} className="flex flex-wrap gap-x-3">
            <span className="text-faint">{fill.time.slice(0, 16)}</span>
            <SideWord side={fill.side} />
            <span>
              {t.common.shares(whole(fill.quantity, language))} × {dollars(fill.price, language)}
            </span>
          </li>
        ))}
      </ul>
      {found.fills.length < found.buys + found.sells && (
        <p className="mt-1 text-xs text-faint">{t.backtests.report.cut(whole(found.fills.length, language), whole(found.buys + found.sells, language))}</p>
      )}
    </details>
  );
}

function Guards({ found }: { found: OnAccount }) {
  const { language, t } = useText();
  const words = t.ruleChecks;
  if (found.vetoes.length === 0) return <span className="text-soft">{words.noGuards}</span>;
  return (
    <ul className="space-y-1">
      {found.vetoes.map(({ guard, times, reason }) => (
        <li key={guard}>
          <span className="figures text-warn">{words.times(whole(times, language))}</span> {reason[language]}
        </li>
      ))}
    </ul>
  );
}

function Outcome({ found }: { found: OnAccount }) {
  const { language, t } = useText();
  const words = t.ruleChecks;
  const facts = [
    [words.sent, words.sentSaid(whole(found.buys, language), whole(found.sells, language))],
    [words.cashUsed, `${dollars(found.cash_used, language)} (${words.ofCash(money(found.cash, language))})`],
  ] as const;
  return (
    <div data-testid="preview-account" data-account-id={found.account_id} className="grid gap-4 @3xl:grid-cols-2">
      <div className="min-w-0 space-y-3">
        {found.warnings.length > 0 && (
          <ul className="list-disc pl-5 text-sm text-warn">
            {found.warnings.map((text, index) => (
              <li key={index}>{text[language]}</li>
            ))}
          </ul>
        )}
        <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-2">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt className="text-xs text-faint">{name}</dt>
              <dd className="figures">{value}</dd>
            </div>
          ))}
          <div>
            <dt className="text-xs text-faint">{words.result}</dt>
            <dd className="figures">
              <span className={WAY_COLOUR[way(found.return_pct)]}>{percent(found.return_pct, language, true)}</span>{" "}
              <span className="text-faint">({words.heldThen(percent(found.buy_and_hold_pct, language, true))})</span>
            </dd>
          </div>
          <div>
            <dt className="text-xs text-faint">{words.guards}</dt>
            <dd>
              <Guards found={found} />
            </dd>
          </div>
        </dl>
        {!found.cash_known && <p className="text-xs text-faint">{words.cashUnknown}</p>}
        <Orders found={found} />
      </div>
      <LatestLook value={found.now.decision} title={words.now} />
    </div>
  );
}

/** One account at a time: each is a replay of its own. On the rule's own account it is asked about what it owns there. */
function OnOne({ rule, id, sessions }: { rule: Rule; id: string; sessions: number }) {
  const { language, t } = useText();
  const words = t.ruleChecks;
  const owns = id === rule.account_id ? { rule_id: rule.id } : {};
  const result = useQuery({
    queryKey: ["preview", rule.id, rule.version, sessions, id],
    staleTime: Infinity, // it is asked for again by closing and opening
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    queryFn: ({ signal }) =>
      inTurn(signal, async () => unwrap(await browserApi.POST("/rules:preview", { body: { rule: { rule_id: rule.id }, ...owns, account_ids: [id], sessions }, signal }))),
  });
  const lacksCandles = result.error instanceof ApiError && result.error.problem.code === "no_candles";
  return (
    <li className="space-y-3 py-4">
      <h5 className="flex flex-wrap items-baseline gap-x-3 text-sm font-medium">
        <AccountName id={id} />
        {result.data && <span className="text-xs font-normal text-faint">{words.span(whole(result.data.bars, language))}</span>}
      </h5>
      <Loaded result={result}>{(preview) => readPreview(preview.accounts)?.map((found) => <Outcome key={found.account_id} found={found} />)}</Loaded>
      {lacksCandles && <p className="text-sm text-soft">{words.fetchFirst}</p>}
    </li>
  );
}

/** What this rule would have done over the latest sessions on every account that may be read, and what it would do now. */
export function PreviewPanel({ rule }: { rule: Rule }) {
  const { t } = useText();
  const words = t.ruleChecks;
  const [sessions, setSessions] = useState(20);
  const accounts = useAccounts().data?.results ?? [];
  const own = ({ id }: { id: string }) => (id === rule.account_id ? 0 : 1);
  if (accounts.length === 0) return <Nothing>{words.noAccounts}</Nothing>;
  const choices = SESSIONS.map((count) => ({ value: String(count), text: words.lastSessions(count) }));
  return (
    <section aria-label={words.preview} data-testid="preview">
      <Select label={words.sessions} value={String(sessions)} options={choices} onChange={(value) => setSessions(Number(value))} />
      <ul className="divide-y divide-line">
        {[...accounts]
          .sort((a, b) => own(a) - own(b))
          .map(({ id }) => (
            <OnOne key={id} rule={rule} id={id} sessions={sessions} />
          ))}
      </ul>
    </section>
  );
}

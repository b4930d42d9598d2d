"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { unwrap } from "@/api/problem";
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
import { readPreview, type OnAccount } from "./preview";

const SESSIONS = [5, 20, 60, 250];
const MOST_ACCOUNTS = 20;

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
          <span className="figures text-warn">{words.times(times)}</span> {reason[language]}
        </li>
      ))}
    </ul>
  );
}

function Account({ found }: { found: OnAccount }) {
  const { language, t } = useText();
  const words = t.ruleChecks;
  const facts = [
    [words.sent, words.sentSaid(found.buys, found.sells)],
    [words.cashUsed, `${dollars(found.cash_used, language)} (${words.ofCash(money(found.cash, language))})`],
  ] as const;
  return (
    <li data-testid="preview-account" data-account-id={found.account_id} className="grid gap-4 py-4 @3xl:grid-cols-2">
      <div className="min-w-0 space-y-3">
        <h5 className="text-sm font-medium">
          <AccountName id={found.account_id} />
        </h5>
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
    </li>
  );
}

/** What this rule would have done over the latest sessions on every account that may be read, and what it would do now. */
export function PreviewPanel({ rule }: { rule: Rule }) {
  const { language, t } = useText();
  const words = t.ruleChecks;
  const [sessions, setSessions] = useState(20);
  const accounts = useAccounts().data?.results ?? [];
  const own = (id: string) => (id === rule.account_id ? 0 : 1);
  const ids = accounts
    .map(({ id }) => id)
    .sort((a, b) => own(a) - own(b))
    .slice(0, MOST_ACCOUNTS);
  const result = useQuery({
    queryKey: ["preview", rule.id, rule.version, sessions, ids],
    enabled: ids.length > 0,
    staleTime: Infinity, // it is asked for again by closing and opening
    gcTime: 0,
    refetchOnWindowFocus: false,
    queryFn: async () => unwrap(await browserApi.POST("/rules:preview", { body: { rule: { rule_id: rule.id }, rule_id: rule.id, account_ids: ids, sessions } })),
  });
  if (ids.length === 0) return <Nothing>{words.noAccounts}</Nothing>;
  const choices = SESSIONS.map((count) => ({ value: String(count), text: words.lastSessions(count) }));
  return (
    <section aria-label={words.preview} data-testid="preview" aria-busy={result.isFetching}>
      <Select label={words.sessions} value={String(sessions)} options={choices} onChange={(value) => setSessions(Number(value))} />
      <Loaded result={result}>
        {(preview) => (
          <>
            <p className="mt-2 text-xs text-faint">{words.span(whole(preview.bars, language))}</p>
            <ul className="divide-y divide-line">
              {(readPreview(preview.accounts) ?? []).map((found) => (
                <Account key={found.account_id} found={found} />
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </section>
  );
}

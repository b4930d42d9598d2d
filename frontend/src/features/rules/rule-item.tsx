"use client";

import type { Account, Rule } from "@/api/types";
import { useText } from "@/i18n/provider";
import { AccountName } from "@/shared/account-name";
import { money, price, quantity } from "@/shared/money";
import { Badge } from "@/shared/ui/badge";
import { LatestLook } from "./latest-look";
import { RuleChecks } from "./rule-checks";
import { RuleSwitch } from "./rule-switch";

export function titleOf(rule: Pick<Rule, "name" | "symbol">): string {
  return rule.name || rule.symbol;
}

function Condition({ label, text }: { label: string; text: string }) {
  return (
    <div className="flex gap-3">
      <dt className="w-10 shrink-0 text-xs leading-6 text-faint">{label}</dt>
      <dd className="min-w-0">
        <code className="rounded bg-raised px-1.5 py-0.5 font-mono text-[0.8125rem] leading-6">{text}</code>
      </dd>
    </div>
  );
}

function Terms({ rule }: { rule: Rule }) {
  const { language, t } = useText();
  const owned = `${t.common.shares(quantity(rule.state.qty, language))}${rule.state.qty > 0 ? ` · ${price(rule.state.avg_price, language)}` : ""}`;
  const terms = [
    [t.rules.amount, money(rule.buy_amount_usd, language)],
    [t.rules.maximum, t.common.shares(quantity(rule.max_position, language))],
    [t.rules.owned, owned],
  ] as const;
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-2 text-sm">
      {terms.map(([name, value]) => (
        <div key={name}>
          <dt className="text-xs text-faint">{name}</dt>
          <dd className="figures">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Why the rule no longer looks, when something went wrong in it. */
function Stopped({ rule }: { rule: Rule }) {
  const { language, t } = useText();
  const because = rule.state.stopped_because;
  if (!because) return null;
  return (
    <p role="note" data-testid="rule-stopped" className="rounded-lg border border-bad px-3 py-2 text-sm">
      <strong className="font-semibold text-bad">{t.ruleChecks.stopped}.</strong> {because[language]}
    </p>
  );
}

export function RuleItem({ rule, account }: { rule: Rule; account?: Account }) {
  const { t } = useText();
  return (
    <li data-testid="rule-row" data-rule-id={rule.id} data-enabled={rule.enabled} className="grid gap-4 p-4 @3xl:grid-cols-[minmax(0,1.1fr)_minmax(0,1fr)]">
      <div className="min-w-0 space-y-3">
        <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h3 className="font-semibold">{titleOf(rule)}</h3>
          {rule.name !== "" && <span className="text-sm font-medium text-soft">{rule.symbol}</span>}
          <Badge tone={rule.enabled ? "good" : "muted"}>{rule.enabled ? t.rules.enabled : t.rules.disabled}</Badge>
          <span className="text-xs text-faint">
            {rule.timeframe} · {t.rules.lookEvery[rule.evaluate_on]} · {t.rules.version(rule.version)}
          </span>
          <span className="ml-auto">{account && account.role !== "view" && <RuleSwitch rule={rule} account={account} />}</span>
        </header>
        <p className="text-xs text-soft">
          <AccountName id={rule.account_id} />
        </p>
        <dl className="space-y-1">
          <Condition label={t.rules.entry} text={rule.entry_condition} />
          <Condition label={t.rules.exit} text={rule.exit_condition} />
        </dl>
        <Stopped rule={rule} />
        <Terms rule={rule} />
      </div>
      <LatestLook value={rule.state.last_evaluation} />
      <RuleChecks rule={rule} title={titleOf(rule)} />
    </li>
  );
}

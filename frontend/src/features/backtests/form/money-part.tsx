"use client";

import type { Account } from "@/api/types";
import { useText } from "@/i18n/provider";
import { CheckField, ChoiceField, TextField } from "@/shared/ui/field";
import type { Part } from "./parts";

/** Cash, costs, and what to compare with. */
export function MoneyPart({ draft, change, errors }: Part) {
  const { t } = useText();
  const words = t.backtests.form;
  const benchmarks = [{ value: "", text: words.noBenchmark }, { value: "SPY", text: "SPY" }, { value: "QQQ", text: "QQQ" }] as const;
  return (
    <fieldset>
      <legend className="mb-2 text-sm text-soft">{words.money}</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <TextField label={words.cash} name="cash" inputMode="decimal" value={draft.cash} onChange={(cash) => change({ cash })} error={errors.cash} />
        <TextField label={words.commission} help={words.commissionHelp} name="commission_pct" inputMode="decimal" value={draft.commission} onChange={(commission) => change({ commission })} error={errors.commission} />
        <TextField label={words.slippage} name="slippage_bps" inputMode="decimal" value={draft.slippage} onChange={(slippage) => change({ slippage })} error={errors.slippage} />
        <TextField label={words.spread} name="spread_bps" inputMode="decimal" value={draft.spread} onChange={(spread) => change({ spread })} error={errors.spread} />
        <ChoiceField label={words.benchmark} name="benchmark" value={draft.benchmark} options={benchmarks} onChange={(benchmark) => change({ benchmark })} error={errors.benchmark} />
        <TextField label={words.monteCarlo} help={words.monteCarloHelp} name="monte_carlo" inputMode="numeric" value={draft.monteCarlo} onChange={(monteCarlo) => change({ monteCarlo })} error={errors.monteCarlo} />
      </div>
    </fieldset>
  );
}

/** The market's rules and ours, as strict as they are live unless somebody says otherwise. */
export function MorePart({ draft, change, errors, accounts }: Part & { accounts: readonly Account[] }) {
  const { t } = useText();
  const words = t.backtests.form;
  const wrong = errors.volume ?? errors.settlement ?? errors.account;
  return (
    <details open={wrong ? true : undefined} className="rounded-lg border border-line px-3 py-2">
      <summary className="min-h-8 text-sm leading-8 text-soft">{words.more}</summary>
      <div className="grid gap-3 py-2 sm:grid-cols-2">
        <TextField label={words.volume} help={words.volumeHelp} name="volume_limit_pct" inputMode="decimal" value={draft.volume} onChange={(volume) => change({ volume })} error={errors.volume} />
        <TextField label={words.settlement} name="settlement_days" inputMode="numeric" value={draft.settlement} onChange={(settlement) => change({ settlement })} error={errors.settlement} />
        <div>
          <CheckField label={words.limitOrders} name="limit_orders" value={draft.limitOrders} onChange={(limitOrders) => change({ limitOrders })} />
          <CheckField label={words.ticks} name="ticks" value={draft.ticks} onChange={(ticks) => change({ ticks })} />
          <CheckField label={words.sessions} name="sessions" value={draft.sessions} onChange={(sessions) => change({ sessions })} />
          <CheckField label={words.guards} name="guards" value={draft.guards} onChange={(guards) => change({ guards })} />
        </div>
        {draft.guards && (
          <ChoiceField
            label={words.account}
            name="account_id"
            value={draft.accountId}
            options={[{ value: "", text: words.houseOnly }, ...accounts.map(({ id, nickname, environment }) => ({ value: id, text: `${nickname} (${t.accounts.environment[environment]})` }))]}
            onChange={(accountId) => change({ accountId })}
            error={errors.account}
          />
        )}
      </div>
    </details>
  );
}

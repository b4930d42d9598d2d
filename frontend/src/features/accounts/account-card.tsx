"use client";

import { asText } from "@/api/problem";
import type { Account } from "@/api/types";
import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";
import { money } from "@/shared/money";
import { Badge } from "@/shared/ui/badge";
import { Environment } from "@/shared/ui/environment";
import { Gain } from "@/shared/ui/gain";
import { Heartbeat } from "./heartbeat";
import { BOT_TONE, botPhase, HEALTH_TONE, mayOperate, TRADING_TONE } from "./looks";
import { Switch } from "./switch";

const FRAME: Record<Account["environment"], string> = {
  real: "border-solid border-real border-t-4",
  paper: "border-dashed border-faint/60",
};

function Health({ account }: { account: Account }) {
  const { language, t } = useText();
  const reasons = [account.health_status === "healthy" ? null : account.health_reason, account.trading_state === "active" ? null : account.trading_state_reason];
  return (
    <div className="min-h-[1.375rem] text-[0.8125rem]">
      <Badge tone={HEALTH_TONE[account.health_status]}>{t.accounts.health[account.health_status]}</Badge>
      {account.trading_state !== "active" && (
        <span className="ml-3">
          <Badge tone={TRADING_TONE[account.trading_state]}>{t.accounts.trading[account.trading_state]}</Badge>
        </span>
      )}
      {reasons.map(asText).map((reason, index) => reason && <p key={index} className="mt-0.5 text-soft">{reason[language]}</p>)}
    </div>
  );
}

function Figures({ pnl }: { pnl: Account["pnl"] }) {
  const { language, t } = useText();
  return (
    <dl className="grid grid-cols-3 gap-2 text-sm">
      <div>
        <dt className="text-xs text-faint">{t.accounts.today}</dt>
        <dd className="text-base font-semibold">
          <Gain value={pnl.realized_today} />
        </dd>
      </div>
      <div>
        <dt className="text-xs text-faint">{t.accounts.unrealized}</dt>
        <dd className="text-base font-semibold">
          <Gain value={pnl.unrealized} />
        </dd>
      </div>
      <div className="text-right">
        <dt className="text-xs text-faint">{t.accounts.equity}</dt>
        <dd className="figures text-base">{money(pnl.equity, language)}</dd>
      </div>
    </dl>
  );
}

export function AccountCard({ account }: { account: Account }) {
  const { t } = useText();
  const phase = botPhase(account);
  return (
    <li
      data-testid="account-card"
      data-account-id={account.id}
      data-health={account.health_status}
      data-environment={account.environment}
      data-enabled={account.enabled}
      className={cx("flex flex-col gap-3 rounded-xl border bg-panel p-4", FRAME[account.environment])}
    >
      <header className="flex items-center gap-2">
        <Environment of={account.environment} />
        <h3 className="min-w-0 flex-1 truncate font-semibold" title={account.nickname}>
          {account.nickname}
        </h3>
        <span className={cx("text-xs", account.enabled ? "text-good" : "text-faint")}>{account.enabled ? t.accounts.enabled : t.accounts.disabled}</span>
      </header>
      <Health account={account} />
      <Figures pnl={account.pnl} />
      <footer className="mt-auto flex items-center gap-3 border-t border-line pt-3">
        <div className="min-w-0 flex-1">
          <Badge tone={BOT_TONE[phase]} pulse={phase === "starting" || phase === "stopping"}>
            {t.accounts[phase]}
          </Badge>
          <Heartbeat last={account.last_heartbeat} wanted={account.enabled} />
        </div>
        {mayOperate(account.role) ? <Switch account={account} /> : <span className="text-xs text-faint">{t.accounts.viewOnly}</span>}
      </footer>
    </li>
  );
}

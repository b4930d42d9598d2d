"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { browserApi } from "@/api/client";
import { unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import type { Account, Rule } from "@/api/types";
import { useText } from "@/i18n/provider";
import { quantity } from "@/shared/money";
import { Button } from "@/shared/ui/button";
import { Confirm } from "@/shared/ui/confirm";

/** Switching off a rule that holds shares leaves them without exits, so the confirmation says so. */
export function RuleSwitch({ rule, account }: { rule: Rule; account: Account }) {
  const { language, t } = useText();
  const client = useQueryClient();
  const [asked, setAsked] = useState<boolean | null>(null);
  const title = rule.name || rule.symbol;

  const send = async (enabled: boolean, confirm: string) => {
    unwrap(await browserApi.POST("/rules/{id}:toggle", { params: { path: { id: rule.id } }, body: { enabled, confirm } }));
    await client.invalidateQueries({ queryKey: [...keys.rules] });
  };

  return (
    <>
      <Button small data-testid="rule-switch" aria-label={rule.enabled ? t.rules.disableTitle(title) : t.rules.enableTitle(title)} onClick={() => setAsked(!rule.enabled)}>
        {rule.enabled ? t.rules.disable : t.rules.enable}
      </Button>
      {asked !== null && (
        <Confirm
          title={asked ? t.rules.enableTitle(title) : t.rules.disableTitle(title)}
          action={asked ? t.rules.enable : t.rules.disable}
          danger={!asked || account.environment === "real"}
          typed={account.nickname}
          onConfirm={(typed) => send(asked, typed)}
          onClose={() => setAsked(null)}
        >
          <p>{asked ? t.rules.enableNote : t.rules.disableNote}</p>
          {!asked && rule.state.qty > 0 && <p className="font-medium text-bad">{t.rules.disableHolding(t.common.shares(quantity(rule.state.qty, language)))}</p>}
        </Confirm>
      )}
    </>
  );
}

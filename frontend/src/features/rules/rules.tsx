"use client";

import { useText } from "@/i18n/provider";
import { useAccounts, useRules } from "@/shared/lists";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { RuleItem } from "./rule-item";

export function Rules() {
  const { t } = useText();
  const accounts = useAccounts().data?.results ?? [];
  return (
    <Panel title={t.rules.title}>
      <Loaded result={useRules()}>
        {({ results }) =>
          results.length === 0 ? (
            <Nothing>{t.rules.empty}</Nothing>
          ) : (
            <ul className="divide-y divide-line">
              {results.map((rule) => (
                <RuleItem key={rule.id} rule={rule} account={accounts.find(({ id }) => id === rule.account_id)} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

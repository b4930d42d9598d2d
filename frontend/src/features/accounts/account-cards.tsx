"use client";

import { useText } from "@/i18n/provider";
import { useAccounts } from "@/shared/lists";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing } from "@/shared/ui/panel";
import { AccountCard } from "./account-card";

export function AccountCards() {
  const { t } = useText();
  return (
    <section aria-label={t.accounts.title} className="space-y-3">
      <Loaded result={useAccounts()}>
        {({ results }) =>
          results.length === 0 ? (
            <Nothing>{t.accounts.empty}</Nothing>
          ) : (
            <ul className="grid gap-3 sm:grid-cols-[repeat(auto-fill,minmax(18.5rem,1fr))]">
              {results.map((account) => (
                <AccountCard key={account.id} account={account} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

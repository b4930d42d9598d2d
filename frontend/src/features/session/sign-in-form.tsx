"use client";

import { signIn } from "next-auth/react";
import { useState, type FormEvent } from "react";
import type { Dictionary } from "@/i18n/dictionary";
import { useText } from "@/i18n/provider";
import { Button } from "@/shared/ui/button";

type Failure = keyof Dictionary["signIn"]["errors"];

const FIELD = "min-h-11 w-full rounded-md border border-line bg-paper px-3 text-base";

export function SignInForm({ next, expired }: { next: string; expired: boolean }) {
  const { t } = useText();
  const [failure, setFailure] = useState<Failure | null>(null);
  const [working, setWorking] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setWorking(true);
    setFailure(null);
    const form = new FormData(event.currentTarget);
    const result = await signIn("credentials", { email: form.get("email"), password: form.get("password"), redirect: false }).catch(() => ({ ok: false, error: "unreachable" }));
    if (result?.ok && !result.error) return window.location.assign(next);
    const known = Object.keys(t.signIn.errors) as Failure[];
    setFailure(known.find((code) => code === result?.error) ?? "unknown");
    setWorking(false);
  };

  return (
    <form onSubmit={submit} method="post" className="space-y-4">
      {expired && !failure && <p className="text-sm text-warn">{t.signIn.expired}</p>}
      <label className="block space-y-1.5 text-sm">
        <span className="block">{t.signIn.email}</span>
        <input name="email" type="email" autoComplete="username" required className={FIELD} />
      </label>
      <label className="block space-y-1.5 text-sm">
        <span className="block">{t.signIn.password}</span>
        <input name="password" type="password" autoComplete="current-password" required className={FIELD} />
      </label>
      <div role="alert" className="text-sm text-bad empty:hidden">
        {failure && t.signIn.errors[failure]}
      </div>
      <Button type="submit" look="primary" data-testid="sign-in" disabled={working} className="min-h-11 w-full">
        {working ? t.signIn.working : t.signIn.submit}
      </Button>
    </form>
  );
}

import type { Metadata } from "next";
import { cookies } from "next/headers";
import { SignInForm } from "@/features/session/sign-in-form";
import { whereTo } from "@/features/session/where-to";
import { serverText } from "@/i18n/server";
import { Brand } from "@/shared/frame/brand";
import { LanguageSwitch, ThemeSwitch } from "@/shared/frame/preferences";
import { readTheme, THEME_COOKIE } from "@/shared/theme";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await serverText()).t.pageTitle.signIn };
}

export default async function LoginPage({ searchParams }: PageProps<"/login">) {
  const { t } = await serverText();
  const { next, expired } = await searchParams;
  const theme = readTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm space-y-6">
        <header className="space-y-1 text-center">
          <Brand name={t.brand} />
          <p className="text-sm text-faint">{t.tagline}</p>
        </header>
        <section aria-labelledby="sign-in" className="space-y-5 rounded-xl border border-line bg-panel p-6">
          <h1 id="sign-in" className="text-lg font-semibold">
            {t.signIn.title}
          </h1>
          <SignInForm next={whereTo(next)} expired={expired === "1"} />
        </section>
        <div className="flex justify-center gap-1">
          <LanguageSwitch />
          <ThemeSwitch theme={theme} />
        </div>
      </div>
    </main>
  );
}

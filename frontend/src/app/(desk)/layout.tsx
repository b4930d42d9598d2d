import { HydrationBoundary } from "@tanstack/react-query";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { HaltBanner } from "@/features/halt/halt-banner";
import { HaltButton } from "@/features/halt/halt-button";
import { Person } from "@/features/session/person";
import { serverText } from "@/i18n/server";
import { LiveProvider } from "@/live/provider";
import { readDesk } from "@/server/desk";
import { Brand } from "@/shared/frame/brand";
import { Clocks } from "@/shared/frame/clocks";
import { LiveBadge } from "@/shared/frame/live-badge";
import { Navigation } from "@/shared/frame/navigation";
import { LanguageSwitch, ThemeSwitch } from "@/shared/frame/preferences";
import { NowProvider } from "@/shared/now";
import { readTheme, THEME_COOKIE } from "@/shared/theme";
import { Providers } from "../providers";

export default async function DeskLayout({ children }: { children: ReactNode }) {
  const { t } = await serverText();
  const theme = readTheme((await cookies()).get(THEME_COOKIE)?.value);
  const { me, start, state, renderedAt } = await readDesk();
  return (
    <Providers>
      <HydrationBoundary state={state}>
        <NowProvider renderedAt={renderedAt}>
          <LiveProvider person={me?.id ?? "someone"} start={start}>
            <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:bg-panel focus:p-2">
              {t.skip}
            </a>
            <header className="sticky top-0 z-[5] border-b border-line bg-panel">
              <div className="mx-auto flex max-w-[100rem] flex-wrap items-center gap-x-4 gap-y-1.5 px-4 pt-2.5 pb-1.5">
                <Brand name={t.brand} />
                <div className="order-last -mx-2 flex w-full items-center justify-between md:order-none md:mx-0 md:w-auto md:flex-1">
                  <Navigation className="min-w-0 overflow-x-auto" />
                  {me && <Person me={me} />}
                </div>
                <div className="ml-auto flex items-center gap-x-1">
                  <LanguageSwitch />
                  <ThemeSwitch theme={theme} />
                  {me?.role !== "viewer" && <HaltButton />}
                </div>
              </div>
              <div className="mx-auto flex max-w-[100rem] flex-wrap items-center justify-between gap-x-4 px-4 pb-2">
                <LiveBadge />
                <Clocks />
              </div>
              {me && <HaltBanner role={me.role} />}
            </header>
            <main id="content" className="mx-auto max-w-[100rem] p-4">
              {children}
            </main>
          </LiveProvider>
        </NowProvider>
      </HydrationBoundary>
    </Providers>
  );
}

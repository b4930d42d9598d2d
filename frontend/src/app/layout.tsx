import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { LanguageProvider } from "@/i18n/provider";
import { serverText } from "@/i18n/server";
import { readTheme, THEME_COOKIE } from "@/shared/theme";
import "./globals.css";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await serverText();
  return { title: { default: t.brand, template: `%s · ${t.brand}` }, description: t.tagline, robots: { index: false } };
}

export const viewport: Viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const { language } = await serverText();
  const theme = readTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang={language} data-theme={theme}>
      <body>
        <LanguageProvider language={language}>{children}</LanguageProvider>
      </body>
    </html>
  );
}

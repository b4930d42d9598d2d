"use client";

import { useRouter } from "next/navigation";
import { LANGUAGE_COOKIE, type Language } from "@/i18n/languages";
import { useText } from "@/i18n/provider";
import { readTheme, THEME_COOKIE, THEMES, type Theme } from "@/shared/theme";
import { Button } from "@/shared/ui/button";

const YEAR = 365 * 24 * 60 * 60;

function remember(name: string, value: string): void {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

const SIGN: Record<Theme, string> = { system: "◐", light: "☀", dark: "☾" };

export function LanguageSwitch() {
  const { language, t } = useText();
  const router = useRouter();
  const other: Language = language === "ko" ? "en" : "ko";
  return (
    <Button
      look="quiet"
      small
      lang={other}
      title={t.language.switchTo}
      data-testid="language"
      onClick={() => {
        remember(LANGUAGE_COOKIE, other);
        router.refresh();
      }}
    >
      {t.language.other}
    </Button>
  );
}

export function ThemeSwitch({ theme }: { theme: Theme }) {
  const { t } = useText();
  const router = useRouter();
  const next = readTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  return (
    <Button
      look="quiet"
      small
      aria-label={`${t.theme.label}: ${t.theme[theme]}`}
      title={`${t.theme.label}: ${t.theme[theme]}`}
      data-testid="theme"
      onClick={() => {
        remember(THEME_COOKIE, next);
        router.refresh();
      }}
    >
      <span aria-hidden>{SIGN[theme]}</span>
    </Button>
  );
}

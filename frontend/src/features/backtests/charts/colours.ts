"use client";

/** A chart on a canvas cannot read the page's variables: they are resolved to plain colours, again when the look changes. */
import { useSyncExternalStore } from "react";

const NAMES = ["ink", "faint", "line", "panel", "accent", "up", "down", "bad"] as const;
export type Colours = Record<(typeof NAMES)[number], string>;

/** `rgb(…)` of whatever colour CSS knows: painted once, and read back. */
function painted(colour: string): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  if (!brush) return "rgb(128, 128, 128)";
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = brush.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}

export function readColours(): Colours {
  const probe = document.createElement("span");
  document.body.append(probe);
  const found = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, painted(getComputedStyle(probe).color)];
  });
  probe.remove();
  return Object.fromEntries(found) as Colours;
}

/** The same with less of it: `rgb(1, 2, 3)` as `rgba(1, 2, 3, 0.2)`. */
export const faded = (colour: string, opacity: number): string => colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);

const DARK = "(prefers-color-scheme: dark)";

function subscribe(changed: () => void): () => void {
  const device = window.matchMedia(DARK);
  const page = new MutationObserver(changed);
  device.addEventListener("change", changed);
  page.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "lang"] });
  return () => {
    device.removeEventListener("change", changed);
    page.disconnect();
  };
}

/** A word that changes whenever the page's colours do. */
export function useLook(): string {
  const look = () => [document.documentElement.dataset.theme, document.documentElement.lang, window.matchMedia(DARK).matches].join(" ");
  return useSyncExternalStore(subscribe, look, () => "");
}

"use client";

import { useText } from "@/i18n/provider";
import { dollars, percent, plain, way, WAY_COLOUR } from "@/shared/figures";
import { Panel } from "@/shared/ui/panel";
import { Table, Td, Th } from "@/shared/ui/table";
import type { Walk } from "../result";

function Return({ value }: { value: number | null | undefined }) {
  const { language } = useText();
  return <span className={WAY_COLOUR[way(value)]}>{percent(value, language, true)}</span>;
}

export function WalkForward({ found }: { found: Walk }) {
  const { language, t } = useText();
  const words = t.backtests.report;
  const head = (
    <>
      <Th wide>{words.trained}</Th>
      <Th>{words.tested}</Th>
      <Th>{words.values}</Th>
      <Th right>{words.trainReturn}</Th>
      <Th right>{words.testReturn}</Th>
      <Th right wide>
        {words.equityAt}
      </Th>
    </>
  );
  return (
    <Panel title={words.walkForward}>
      <p className="flex flex-wrap gap-x-6 border-b border-line px-4 py-3 text-sm" data-testid="walk-forward">
        <span>{words.walkSaid(percent(found.total_return_pct, language, true))}</span>
        <span>{words.efficiency(plain(found.efficiency, language))}</span>
      </p>
      <Table caption={words.walkForward} head={head}>
        {found.windows.map((window) => (
          <tr key={window.test_from}>
            <Td wide>
              <span className="figures whitespace-nowrap">{window.train_from.slice(0, 16)}</span>
            </Td>
            <Td>
              <span className="figures whitespace-nowrap">{window.test_from.slice(0, 16)}</span>
            </Td>
            <Td>
              <span className="figures">
                {Object.entries(window.values)
                  .map(([name, value]) => `${name}=${value}`)
                  .join(", ")}
              </span>
            </Td>
            <Td right>
              <Return value={window.trained.total_return_pct} />
            </Td>
            <Td right>
              <Return value={window.tested.total_return_pct} />
            </Td>
            <Td right wide>
              {dollars(window.equity, language)}
            </Td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
